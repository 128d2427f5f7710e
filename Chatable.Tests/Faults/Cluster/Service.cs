using System.Diagnostics;
using System.Net;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Faults.Seeding;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>An API server or a worker, with its own proxy on every link.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly string _project;
    private readonly IPEndPoint _address = new(IPAddress.Loopback, ServerProcess.FreePort());
    private readonly (string Key, string Value)[] _settings;

    public Service(
        string project, string name, FaultPostgres postgres, FaultRedis redis, IEnumerable<(string Key, string Value)> settings)
    {
        _project = project;
        ToPostgres = FaultProxy.Start(() => postgres.Address);
        ToRedis = FaultProxy.Start(redis.Address);
        FromClients = FaultProxy.Start(_address);
        _settings =
        [
            ("ConnectionStrings__chatdb", FaultPostgres.ConnectionStringBy(ToPostgres.Address)),
            ("ConnectionStrings__redis", ToRedis.Address.ToString()),
            ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={name}"),
            .. settings,
        ];
        Node = new Node(name, StartInfo, "Application started", ServerProcess.Terminate);
    }

    public Node Node { get; }

    /// <summary>Whether it has seeded bugs.</summary>
    public bool IsWoven { get; set; }

    /// <summary>The step at which it dies after its next starts; empty for none.</summary>
    public string CrashAt { get; set; } = "";

    public FaultProxy ToPostgres { get; }

    public FaultProxy ToRedis { get; }

    public FaultProxy FromClients { get; }

    /// <summary>Through the client-side proxy.</summary>
    public Uri Address => new($"http://{FromClients.Address}");

    /// <summary>Bypasses the proxy, for clients with their own.</summary>
    public IPEndPoint DirectAddress => _address;

    public FaultProxy[] Links => [ToPostgres, ToRedis, FromClients];

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        foreach (var link in Links)
            await link.DisposeAsync();
    }

    private ProcessStartInfo StartInfo()
    {
        var folder = AppContext.BaseDirectory.Replace("Chatable.Tests", _project, StringComparison.Ordinal);
        if (IsWoven || CrashAt.Length > 0)
            folder = WovenProgram.FolderOf(folder, _project);
        string[] command = ["dotnet", Path.Combine(folder, $"{_project}.dll")];
        if (OperatingSystem.IsLinux())
            command = ["setpriv", "--pdeathsig", "KILL", "--", .. command];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["ASPNETCORE_URLS"] = $"http://{_address}";
        start.Environment[CrashPoint.Variable] = CrashAt;
        foreach (var (key, value) in _settings)
            start.Environment[key] = value;
        return start;
    }
}
