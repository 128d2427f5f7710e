using System.Net;
using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;
using Npgsql;

namespace Chatable.Bench.Subjects;

/// <summary>Chatable as it is deployed: three API replicas and a worker on PostgreSQL and Redis, each a process of its own.</summary>
/// <param name="variant">What differs, and what its figures stand under.</param>
internal sealed class ChatableSubject(Variant variant) : Subject
{
    private const string TokenSecretsKey = "a key of the measurement's own, long enough";

    private readonly List<int> _ports = [];
    private readonly List<ServerProcess> _servers = [];
    private (string, string)[] _settings = [];
    private Redis? _redis;
    private Postgres? _postgres;
    private ChatableUsers? _users;

    public override string Name => variant.Name;

    public override bool Stores => true;

    public override int Replicas => 3;

    public override IReadOnlyList<ServerProcess> Processes => [.. _servers, _redis!.Process, _postgres!.Process];

    public override string SocketProcess => "api";

    public override Protocol Protocol { get; } = new ChatableV2();

    public NpgsqlDataSource Database { get; private set; } = null!;

    public string RedisConnection => _redis!.ConnectionString;

    public static Task<ChatableSubject> StartAsync(
        CancellationToken cancellationToken, string name = SubjectNames.Chatable, int workers = 1) =>
        StartAsync(new Variant(name, Checkout: null, []), workers, cancellationToken);

    public static async Task<ChatableSubject> StartAsync(Variant variant, int workers, CancellationToken cancellationToken)
    {
        var subject = new ChatableSubject(variant);
        try
        {
            await subject.StartServersAsync(workers, cancellationToken);
            return subject;
        }
        catch
        {
            await subject.DisposeAsync();
            throw;
        }
    }

    public override Task PrepareAsync(int users, CancellationToken cancellationToken) => _users!.EnsureAsync(users, cancellationToken);

    public override Seat Seat(int user, int replica) => Seat(user, AddressOf(replica));

    public Seat Seat(int user, IPEndPoint server) =>
        new(_users![user].Name, server, "/api/ws", $"Authorization: Bearer {_users[user].Token}\r\n");

    public IPEndPoint AddressOf(int replica) => new(IPAddress.Loopback, _ports[replica]);

    public ChatableUser User(int number) => _users![number];

    public override Task TidyUpAsync(CancellationToken cancellationToken) => _postgres!.CheckpointAsync(cancellationToken);

    /// <summary>By the messages themselves, by what their authors' logs hold of them, and by their recipients'.</summary>
    public override async Task<long> CountStoredAsync(CancellationToken cancellationToken)
    {
        await using var command = Database.CreateCommand("""
            SELECT least((SELECT count(*) FROM messages), (SELECT count(*) / 2 FROM envelopes),
                         (SELECT sum(last_seq)::bigint FROM conversations))
            """);
        command.CommandTimeout = 300;
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }

    public override async ValueTask DisposeAsync()
    {
        Parallel.ForEach(_servers, server => server.Dispose());
        if (Database is not null)
            await Database.DisposeAsync();
        if (_redis is not null)
            _redis.Dispose();
        if (_postgres is not null)
            _postgres.Dispose();
    }

    private async Task StartServersAsync(int workers, CancellationToken cancellationToken)
    {
        _redis = await Redis.StartAsync(cancellationToken);
        _postgres = await Postgres.StartAsync(cancellationToken);
        var database = await _postgres.CreateDatabaseAsync("chat", cancellationToken);
        _settings =
        [
            ("ConnectionStrings__chatdb", database),
            ("ConnectionStrings__redis", _redis.ConnectionString),
            ("TokenSecrets__Key", TokenSecretsKey),
            // A socket here is as busy as many people.
            ("Realtime__FramesPerSecond", "1000000"),
            ("Realtime__FrameBurst", "1000000"),
            ("Realtime__MaxSockets", "100000"),
            .. variant.Settings,
        ];
        (await ProcessRun.OfAsync(Programs.Service("Chatable.MigrationService", _settings, variant.Checkout), cancellationToken))
            .Succeeded("the migration");
        Database = NpgsqlDataSource.Create(database);
        _users = new ChatableUsers(Database, TokenSecretsKey);
        for (var worker = 1; worker <= workers; worker++)
            _servers.Add(await StartAsync("worker", "Chatable.FanoutWorker", worker, ServerProcess.FreePort(), [], cancellationToken));
        for (var replica = 0; replica < Replicas; replica++)
        {
            _ports.Add(ServerProcess.FreePort());
            _servers.Add(await StartAsync(
                "api", "Chatable.ApiService", replica + 1, _ports[replica], [AllocationGauge.Hook], cancellationToken));
        }
    }

    /// <summary>One more API replica, which is the caller's, and as it is deployed.</summary>
    public Task<ServerProcess> StartReplicaAsync(int number, int port, CancellationToken cancellationToken) =>
        StartAsync("api", "Chatable.ApiService", number, port, [], cancellationToken);

    private Task<ServerProcess> StartAsync(
        string process, string project, int number, int port, (string, string)[] environment, CancellationToken cancellationToken) =>
        ServerProcess.StartAsync(
            Programs.Service(project,
            [
                .. _settings, .. environment,
                ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
                ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={process}-{number}"),
            ], variant.Checkout),
            "Application started", ServerProcess.Terminate, cancellationToken, process);
}
