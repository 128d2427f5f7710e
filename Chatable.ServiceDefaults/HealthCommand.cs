using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Chatable.ServiceDefaults;

/// <summary>
/// <c>dotnet Chatable.ApiService.dll health</c>: asks the server in the same container whether it is ready. For container runtimes that run
/// a command inside the container as health check: the images contain no other suitable program.
/// </summary>
public static class HealthCommand
{
    public const string Name = "health";

    private const int Success = 0, Failure = 1;

    // Kestrel's default.
    private const int DefaultPort = 5000;

    // The server answers within 5 s, even if a store does not.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(8);

    /// <returns>The exit code: 0 if <c>/health</c> answers with 200, and 1 otherwise.</returns>
    public static async Task<int> RunAsync()
    {
        using var client = new HttpClient { Timeout = s_timeout };
        try
        {
            using var response = await client.GetAsync(Address(Environment.GetEnvironmentVariable));
            Console.WriteLine(await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? Success : Failure;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException or FormatException)
        {
            Console.WriteLine(exception.Message);
            return Failure;
        }
    }

    /// <summary>Returns the HTTP address of the local server, from the variables that Kestrel reads.</summary>
    /// <exception cref="FormatException">The variables contain no such address.</exception>
    internal static Uri Address(Func<string, string?> variable)
    {
        if (First("URLS") is { } urls)
        {
            var listening = urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(BindingAddress.Parse)
                .FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttp)
                ?? throw new FormatException($"'{urls}' has no address for HTTP.");
            // Many listening addresses cannot be connected to, such as 0.0.0.0, [::] and +.
            var host = IPAddress.TryParse(listening.Host, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
                ? listening.Host : "localhost";
            return new UriBuilder(Uri.UriSchemeHttp, host, listening.Port, Health.ReadinessPath).Uri;
        }

        var ports = First("HTTP_PORTS");
        var port = DefaultPort;
        if (ports is not null && !int.TryParse(ports.Split(';')[0], NumberStyles.None, CultureInfo.InvariantCulture, out port))
            throw new FormatException($"'{ports}' is no port.");
        return new UriBuilder(Uri.UriSchemeHttp, "localhost", port, Health.ReadinessPath).Uri;

        // In the server's order of configuration sources.
        string? First(string name) => new[] { name, $"ASPNETCORE_{name}", $"DOTNET_{name}" }
            .Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
    }
}
