using System.Net;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;
using Chatable.Bench.References;
using Npgsql;

namespace Chatable.Bench.Subjects;

/// <summary>References (b) and (c): three processes with SignalR and its Redis backplane, with or without an INSERT each.</summary>
internal sealed class SignalRSubject : Subject
{
    // As fast as it gets on few cores: the defaults cost it up to half.
    private static readonly (string, string)[] s_tuning =
        [("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"), ("DOTNET_gcServer", "0")];

    private readonly List<int> _ports = [];
    private readonly List<ServerProcess> _servers = [];
    private Redis? _redis;
    private Postgres? _postgres;
    private NpgsqlDataSource? _database;

    private SignalRSubject(bool stores) => Stores = stores;

    public override string Name => Stores ? SubjectNames.SignalRStored : SubjectNames.SignalR;

    public override bool Stores { get; }

    public override int Replicas => 3;

    public override IReadOnlyList<ServerProcess> Processes =>
        [.. _servers, _redis!.Process, .. _postgres is null ? Array.Empty<ServerProcess>() : [_postgres.Process]];

    public override string SocketProcess => "signalr";

    public override Protocol Protocol { get; } = new SignalRJson();

    public static async Task<Subject> StartAsync(bool stores, CancellationToken cancellationToken)
    {
        var subject = new SignalRSubject(stores);
        try
        {
            await subject.StartAsync(cancellationToken);
            return subject;
        }
        catch
        {
            await subject.DisposeAsync();
            throw;
        }
    }

    public override Seat Seat(int user, int replica) =>
        new($"u{user}", new IPEndPoint(IPAddress.Loopback, _ports[replica]), $"/chat?user=u{user}");

    public override Task TidyUpAsync(CancellationToken cancellationToken) =>
        _postgres is null ? Task.CompletedTask : _postgres.CheckpointAsync(cancellationToken);

    public override async Task<long> CountStoredAsync(CancellationToken cancellationToken)
    {
        if (_database is null)
            return 0;
        await using var command = _database.CreateCommand("SELECT count(*) FROM messages");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            server.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
        if (_redis is not null)
            _redis.Dispose();
        if (_postgres is not null)
            _postgres.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _redis = await Redis.StartAsync(cancellationToken);
        List<string> stores = ["--redis", _redis.ConnectionString];
        if (Stores)
        {
            _postgres = await Postgres.StartAsync(cancellationToken);
            var database = await _postgres.CreateDatabaseAsync("chat", cancellationToken);
            _database = NpgsqlDataSource.Create(database);
            await using var schema = _database.CreateCommand(SignalRServer.Schema);
            await schema.ExecuteNonQueryAsync(cancellationToken);
            stores.AddRange(["--postgres", database]);
        }

        for (var replica = 0; replica < Replicas; replica++)
        {
            _ports.Add(ServerProcess.FreePort());
            var start = Programs.Reference(["signalr", "--port", $"{_ports[replica]}", .. stores], [.. s_tuning, AllocationGauge.Hook]);
            _servers.Add(await ServerProcess.StartAsync(start, "Application started", ServerProcess.Terminate, cancellationToken, "signalr"));
        }
    }
}
