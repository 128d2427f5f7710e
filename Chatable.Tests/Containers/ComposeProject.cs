using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>
/// <c>deploy/compose/compose.yaml</c> started by docker-compose on podman's socket, with its own name, secrets and ports. It is removed
/// after the test.
/// </summary>
internal sealed class ComposeProject : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    private readonly TestFolder _folder = new();
    private readonly string _name = $"chatabletest{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    private readonly int[] _ports = [.. Enumerable.Range(0, 4).Select(_ => ServerProcess.FreePort())];
    private readonly string _images;
    private readonly CancellationTokenSource _ended = new();
    private ServerProcess? _service;
    private Task _health = Task.CompletedTask;

    private ComposeProject(string images, string version) => (_images, Version) = (images, version);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public Uri First => new($"http://127.0.0.1:{_ports[0]}");

    public Uri Second => new($"http://127.0.0.1:{_ports[1]}");

    /// <summary>Caddy's address, with TLS.</summary>
    public Uri Secure => new($"https://localhost:{_ports[3]}");

    /// <summary>The image tag for services started from now on.</summary>
    public string Version { get; set; }

    /// <summary>Starts all services of compose.yaml, TLS included, and waits until they are healthy.</summary>
    public static async Task<ComposeProject> StartAsync(string images, string version)
    {
        var project = new ComposeProject(images, version);
        try
        {
            await project.PrepareAsync();
            await project.RunAsync("--profile", "tls", "up", "--detach");
            await project.HealthyAsync("api1", "api2", "fanout");
            return project;
        }
        catch
        {
            await project.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the container runtime reports these services as healthy.</summary>
    public Task HealthyAsync(params string[] services) => Eventually.HoldsAsync(
        async () =>
        {
            foreach (var service in services)
            {
                if (await HealthOfAsync(service) != "healthy")
                    return false;
            }

            return true;
        },
        $"{string.Join(", ", services)} are healthy", Cancelled, TimeSpan.FromSeconds(90));

    /// <summary>Runs <c>docker-compose</c> with these arguments. It must succeed.</summary>
    public async Task<string> RunAsync(params IEnumerable<string> arguments)
    {
        var run = await TryAsync(Cancelled, arguments);
        return run.Succeeded($"docker-compose {string.Join(' ', arguments)}").Output;
    }

    /// <summary>The only container of a service.</summary>
    public async Task<string> ContainerOfAsync(string service) => Assert.Single(
        await Podman.ContainersAsync(Cancelled, $"name=^{_name}_{service}_1$"));

    /// <summary>The logs of all containers and of their health checks so far.</summary>
    public async Task<string> LogsAsync() => (await TryAsync(CancellationToken.None, "logs", "--no-color")).Text;

    /// <summary>All secrets of this project.</summary>
    public IEnumerable<string> Secrets() => Directory.EnumerateFiles(_folder.Path, "*.env").SelectMany(File.ReadLines)
        .SelectMany(line => line.Split('=', ';', ','))
        .Where(part => part.Length >= 40);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _health.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_service is not null)
        {
            var down = await TryAsync(CancellationToken.None, "--profile", "tls", "down", "--volumes", "--timeout", "0");
            // If compose failed, podman removes what is left of the test.
            if (await LeftAsync() is { Count: > 0 } left)
                await Podman.RunAsync(CancellationToken.None, ["rm", "--force", "--volumes", "--time", "0", .. left]);
            _service.Dispose();
            down.Succeeded("docker-compose down");
        }

        _ended.Dispose();
        _folder.Dispose();
    }

    private Task<IReadOnlyList<string>> LeftAsync() => Podman.ContainersAsync(CancellationToken.None, $"name=^{_name}_");

    private async Task PrepareAsync()
    {
        (await Repository.RunAsync(
            new Dictionary<string, string>(), Path.Combine(Repository.Root, "deploy", "compose", "secrets.sh"), Cancelled, _folder.Path))
            .Succeeded("secrets.sh");
        var start = new ProcessStartInfo(
            "setpriv", ["--pdeathsig", "TERM", "--", "podman", "--log-level", "info", "system", "service", "--time", "0", Socket])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _service = await ServerProcess.StartAsync(start, "API service listening on", ServerProcess.Terminate, Cancelled);
        _health = Task.Run(() => AskForHealthAsync(_ended.Token));
    }

    private string Socket => $"unix://{_folder.Path}/podman.sock";

    private Task<ProcessRun> TryAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) => Repository.RunAsync(
        new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = Socket,
            ["CHATABLE_IMAGES"] = _images,
            ["CHATABLE_VERSION"] = Version,
            ["CHATABLE_SECRETS"] = _folder.Path,
            ["CHATABLE_PORT1"] = Text(_ports[0]),
            ["CHATABLE_PORT2"] = Text(_ports[1]),
            ["CHATABLE_HTTP_PORT"] = Text(_ports[2]),
            ["CHATABLE_HTTPS_PORT"] = Text(_ports[3]),
        },
        "docker-compose", cancellationToken, ["--file", ComposeFile.Path, "--project-name", _name, .. arguments]);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private async Task<string?> HealthOfAsync(string service)
    {
        var state = await Podman.StateAsync(await ContainerOfAsync(service), Cancelled);
        return state.TryGetProperty("Health", out var health) || state.TryGetProperty("Healthcheck", out health) ? health.Text("Status") : null;
    }

    // Podman leaves the health checks of compose.yaml to systemd timers, and there is no systemd here.
    private async Task AskForHealthAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            foreach (var container in await LeftAsync())
            {
                if (container.Contains("_migrations_", StringComparison.Ordinal) || container.Contains("_caddy_", StringComparison.Ordinal))
                    continue;
                await Podman.TryAsync(CancellationToken.None, "healthcheck", "run", container);
            }

            await Task.Delay(s_pause, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
