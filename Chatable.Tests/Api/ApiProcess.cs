using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Chatable.Tests.Api;

/// <summary>The API service as a separate process, as it is deployed: its own settings, its own Kestrel, on a free port.</summary>
internal sealed partial class ApiProcess : IDisposable
{
    private readonly ServerProcess _process;

    private ApiProcess(ServerProcess process)
    {
        _process = process;
        Address = new Uri(Listening().Match(process.Output).Groups[1].Value);
    }

    public Uri Address { get; }

    public int ProcessId => _process.Id;

    /// <summary>Everything it has logged.</summary>
    public string Output => _process.Output;

    public static async Task<ApiProcess> StartAsync(
        string database, string redis, CancellationToken cancellationToken, params (string Key, string Value)[] settings)
    {
        var start = StartInfo(
        [
            ("ConnectionStrings__chatdb", database),
            ("ConnectionStrings__redis", redis),
            ("TokenSecrets__Key", "a key of the tests' own, long enough"),
            // Other tests assert the cost of a password hash. Here it would only slow the tests down.
            ("Passwords__Iterations", "1000"),
            .. settings,
        ]);
        return new ApiProcess(await ServerProcess.StartAsync(start, "Application started", ServerProcess.Terminate, cancellationToken));
    }

    /// <summary>Starts the API with a limit on open files.</summary>
    public static async Task<ApiProcess> StartWithFilesAsync(
        int files, string database, string redis, CancellationToken cancellationToken)
    {
        var start = StartInfo(("ConnectionStrings__chatdb", database), ("ConnectionStrings__redis", redis),
            ("TokenSecrets__Key", "a key of the tests' own, long enough"), ("Passwords__Iterations", "1000"));
        var limited = ServerProcess.Through(["prlimit", $"--nofile={files}:{files}"], start);
        return new ApiProcess(await ServerProcess.StartAsync(limited, "Application started", ServerProcess.Terminate, cancellationToken));
    }

    public static ProcessStartInfo StartInfo(params IEnumerable<(string Key, string Value)> settings)
    {
        var service = AppContext.BaseDirectory.Replace("Chatable.Tests", "Chatable.ApiService", StringComparison.Ordinal);
        string[] command = ["dotnet", Path.Combine(service, "Chatable.ApiService.dll")];
        if (OperatingSystem.IsLinux())
            command = ["setpriv", "--pdeathsig", "KILL", "--", .. command];

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = service,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        foreach (var (key, value) in settings)
            start.Environment[key] = value;
        return start;
    }

    public void Dispose() => _process.Dispose();

    [GeneratedRegex(@"Now listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
