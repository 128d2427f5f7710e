using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chatable.ApiService.Http;

/// <summary>
/// How many connections the process's limit of open files allows. A .NET process that runs out of descriptors crashes, because it cannot
/// start a thread without one. The number of accepted connections therefore leaves some descriptors free.
/// </summary>
internal sealed record FileDescriptors(int Limit)
{
    // For some 400 assemblies, which the runtime keeps open; connections to the stores; two for each thread.
    private const int Reserved = 768;

    // Enough to answer with refusals.
    private const int LeastRequests = 16;

    public static FileDescriptors OfThisProcess { get; } = new(ReadLimit("/proc/self/limits"));

    /// <summary>Connections that carry requests, without WebSockets.</summary>
    public int Requests => Math.Max(LeastRequests, Connections / 10);

    /// <summary>Connections that are upgraded to WebSockets.</summary>
    public int Sockets => Math.Max(1, Connections - Requests);

    /// <summary>All connections, of both kinds.</summary>
    public int Connections => Math.Max(LeastRequests + 1, Limit - Reserved);

    public void Bound(KestrelServerLimits limits)
    {
        if (Limit < int.MaxValue)
            limits.MaxConcurrentConnections = Requests;
    }

    /// <summary>
    /// The soft limit, which .NET raises to the hard limit at startup. <see cref="int.MaxValue"/> if the file does not say.
    /// </summary>
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
