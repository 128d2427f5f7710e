using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chatable.ApiService.Http;

/// <summary>
/// How many connections the process's limit of open files has room for. A .NET process that runs out of descriptors dies of it: a
/// thread cannot be started without one. So no more connections are accepted than leave it some.
/// </summary>
internal sealed record FileDescriptors(int Limit)
{
    // Some 400 assemblies, each of which the runtime keeps open; connections to the stores; two for each thread.
    private const int Reserved = 768;

    // Enough to say no on.
    private const int LeastRequests = 16;

    public static FileDescriptors OfThisProcess { get; } = new(ReadLimit("/proc/self/limits"));

    /// <summary>Connections that carry requests and are not upgraded.</summary>
    public int Requests => Math.Max(LeastRequests, Connections / 10);

    /// <summary>Connections that were upgraded to WebSockets.</summary>
    public int Sockets => Math.Max(1, Connections - Requests);

    /// <summary>Both together.</summary>
    public int Connections => Math.Max(LeastRequests + 1, Limit - Reserved);

    public void Bound(KestrelServerLimits limits)
    {
        if (Limit < int.MaxValue)
            limits.MaxConcurrentConnections = Requests;
    }

    /// <summary>The soft limit, which .NET raises to the hard one at its start; no limit where the file does not tell.</summary>
    public static int ReadLimit(string file)
    {
        // Max open files            20000                20000                files
        var line = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            : null;
        return line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : int.MaxValue;
    }
}
