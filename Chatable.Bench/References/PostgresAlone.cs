using System.Diagnostics;
using System.Text;
using Chatable.Bench.Load.Frames;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;
using Chatable.Bench.Subjects;
using Chatable.Messaging;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Npgsql;

namespace Chatable.Bench.References;

/// <summary>Reference (d): PostgreSQL takes the worker's own batches, by the worker's own code, and nobody else's.</summary>
internal sealed class PostgresAlone : IAsyncDisposable
{
    private const int BatchSize = 200;
    private const int Pairs = 96;

    private readonly Postgres _postgres;
    private readonly NpgsqlDataSource _database;
    private readonly ChatableUsers _users;

    private PostgresAlone(Postgres postgres, NpgsqlDataSource database) => (_postgres, _database, _users) =
        (postgres, database, new ChatableUsers(database, "a key of the measurement's own, long enough"));

    public static string NameOf(int connections) => $"(d) PostgreSQL, {connections} connection{(connections == 1 ? "" : "s")}";

    public static async Task<PostgresAlone> StartAsync(CancellationToken cancellationToken)
    {
        var postgres = await Postgres.StartAsync(cancellationToken);
        var database = await postgres.CreateDatabaseAsync("alone", cancellationToken);
        await ServerAccount.RunAsync(
            Programs.Service("Chatable.MigrationService", [("ConnectionStrings__chatdb", database)]), cancellationToken);
        var alone = new PostgresAlone(postgres, NpgsqlDataSource.Create(database));
        await alone._users.EnsureAsync(2 * Pairs, cancellationToken);
        return alone;
    }

    /// <summary>Batch after batch on each connection; a pair of users is always on the same one, as in a partition.</summary>
    public async Task<RunResult> RunAsync(string scenario, int connections, int round, TimeSpan time, CancellationToken cancellationToken)
    {
        var store = new MessageStore(_database);
        await store.PersistAsync(Batch(0, connections), cancellationToken);
        var before = (Use: UseSample.Take([_postgres.Process]), Stored: await CountAsync(cancellationToken));
        var begun = Stopwatch.GetTimestamp();
        var sent = await Task.WhenAll(Enumerable.Range(0, connections).Select(connection => Task.Run(
            () => WriteAsync(store, connection, connections, begun, time, cancellationToken), cancellationToken)));
        var after = UseSample.Take([_postgres.Process]);
        var cpu = after.CpuSince(before.Use);
        return new RunResult
        {
            Scenario = scenario,
            Subject = NameOf(connections),
            Protocol = $"batches of {BatchSize}",
            Round = round,
            Seconds = Math.Round(after.Since(before.Use).TotalSeconds, 2),
            PerSecond = Math.Round(sent.Sum() / after.Since(before.Use).TotalSeconds, 1),
            Counts = new Counts
            {
                Sent = sent.Sum(),
                Delivered = sent.Sum(),
                Stored = await CountAsync(cancellationToken) - before.Stored,
            },
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / sent.Sum(), 4),
            Megabytes = after.Megabytes(),
            LoadCpu = after.SelfSince(before.Use),
            Others = after.OthersSince(before.Use),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    private async Task<long> WriteAsync(
        MessageStore store, int connection, int connections, long begun, TimeSpan time, CancellationToken cancellationToken)
    {
        var sent = 0L;
        for (; Stopwatch.GetElapsedTime(begun) < time; sent += BatchSize)
            await store.PersistAsync(Batch(connection, connections), cancellationToken);
        return sent;
    }

    private IntakeEntry[] Batch(int connection, int connections) =>
        [.. Enumerable.Range(0, BatchSize).Select(i => Entry(connection + (i * connections % Pairs / connections * connections)))];

    private IntakeEntry Entry(int pair)
    {
        var (author, recipient) = (_users[2 * pair], _users[(2 * pair) + 1]);
        return new IntakeEntry
        {
            MessageId = Guid.CreateVersion7(),
            ClientId = ClientId.New(),
            AuthorId = author.Id,
            Author = author.Name,
            RecipientId = recipient.Id,
            Recipient = recipient.Name,
            Body = Encoding.ASCII.GetBytes(Marker.TextOf(pair, 64)),
            Origin = default,
        };
    }

    private async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            "SELECT least((SELECT count(*) FROM messages), (SELECT count(*) / 2 FROM envelopes))");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
