using System.Security.Cryptography;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>
/// Containers of one test on their own network, with secrets from <c>deploy/compose/secrets.sh</c>. They are removed after the test.
/// </summary>
internal sealed class ContainerGroup : IAsyncDisposable
{
    // The fewest rights a container can have, and nothing writable.
    private static readonly string[] s_confined =
        ["--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--memory", "256m"];

    private readonly TestFolder _folder = new();
    private readonly string _name = $"chatable-test-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    private ContainerGroup()
    {
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts a group with PostgreSQL and Redis, and waits until both answer.</summary>
    public static async Task<ContainerGroup> StartAsync()
    {
        var group = new ContainerGroup();
        try
        {
            (await Repository.RunAsync(
                new Dictionary<string, string>(), Path.Combine(Repository.Root, "deploy", "compose", "secrets.sh"), Cancelled, group._folder.Path))
                .Succeeded("secrets.sh");
            await Podman.RunAsync(Cancelled, "network", "create", group._name);
            await group.StartStoresAsync();
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one of our images, configured only by its environment.</summary>
    /// <returns>Its address.</returns>
    public async Task<Uri> StartServiceAsync(string service, string image)
    {
        await RunAsync(service, [.. s_confined, "--publish", "127.0.0.1::8080"], image);
        // 8080/tcp -> 127.0.0.1:43210
        var published = await Podman.RunAsync(Cancelled, "port", NameOf(service), "8080/tcp");
        return new Uri($"http://{published}");
    }

    /// <summary>Runs one of our images until it exits.</summary>
    public async Task<int> RunToEndAsync(string service, string image)
    {
        await RunAsync(service, s_confined, image);
        return int.Parse(await Podman.RunAsync(Cancelled, "wait", NameOf(service)));
    }

    public string NameOf(string service) => $"{_name}-{service}";

    public Task<ProcessRun> LogAsync(string service) => Podman.TryAsync(Cancelled, "logs", NameOf(service));

    public async ValueTask DisposeAsync()
    {
        // Removes everything, even after a failure.
        var left = await Podman.ContainersAsync(CancellationToken.None, $"network={_name}");
        if (left.Count > 0)
            await Podman.RunAsync(CancellationToken.None, ["rm", "--force", "--volumes", "--time", "0", .. left]);
        await Podman.TryAsync(CancellationToken.None, "network", "rm", "--force", _name);
        _folder.Dispose();
    }

    private async Task StartStoresAsync()
    {
        await RunAsync("postgres", [], ComposeFile.ImageOf("postgres"));
        await RunAsync(
            "redis", ["--volume", $"{_folder.Path}/users.acl:/etc/redis/users.acl:ro"], ComposeFile.ImageOf("redis"),
            "redis-server", "--appendonly", "yes", "--aclfile", "/etc/redis/users.acl");
        await AnswersAsync("postgres", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres");
        await AnswersAsync("redis", "sh", "-c", "redis-cli ping | grep -q PONG");
    }

    private Task AnswersAsync(string store, params string[] command) => Eventually.HoldsAsync(
        async () => (await Podman.TryAsync(Cancelled, ["exec", NameOf(store), .. command])).ExitCode == 0,
        $"{store} answers", Cancelled, TimeSpan.FromSeconds(60));

    private Task<string> RunAsync(string service, IEnumerable<string> options, string image, params string[] command)
    {
        var environment = Path.Combine(_folder.Path, $"{service}.env");
        string[] settings = File.Exists(environment) ? ["--env-file", environment] : [];
        return Podman.RunAsync(
            Cancelled,
            ["run", "--detach", "--pull", "never", "--name", NameOf(service), "--network", _name, "--network-alias", service,
                .. settings, .. options, image, .. command]);
    }
}
