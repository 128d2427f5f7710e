using System.Globalization;
using System.Text.RegularExpressions;

namespace Chatable.LocalHosting;

/// <summary>Refuses servers that are too old for the services, before they fail on them in some other way.</summary>
internal static partial class ServerVersion
{
    /// <exception cref="DistributedApplicationException">The program is older than that major version.</exception>
    public static async Task RequireAsync(string product, string program, int least, CancellationToken cancellationToken)
    {
        var (_, output) = await ChildProcess.RunAsync(new(program, "--version"), cancellationToken);
        // Words that cannot be read are no reason to refuse a server that may well do.
        if (First().Match(output) is { Success: true } version
            && int.TryParse(version.Groups["major"].ValueSpan, CultureInfo.InvariantCulture, out var major) && major < least)
            throw new DistributedApplicationException(
                $"{product} {least} or later is needed, but '{program}' is version {version.Value}: install a newer one.");
    }

    // postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)
    // Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64
    [GeneratedRegex(@"(?<major>\d+)(\.\d+)*")]
    private static partial Regex First();
}
