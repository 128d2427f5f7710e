using System.Diagnostics;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Bench.References;

/// <summary>Reference (e): Redis takes the intake's own commands, by its own code: append, read the head, delete.</summary>
internal sealed class RedisAlone : IAsyncDisposable
{
    private readonly Redis _redis;
    private readonly IConnectionMultiplexer _connection;

    private RedisAlone(Redis redis, IConnectionMultiplexer connection) => (_redis, _connection) = (redis, connection);

    public static string NameOf(int batch) => batch == 1 ? "(e) Redis, one by one" : $"(e) Redis, batches of {batch}";

    public static async Task<RedisAlone> StartAsync(CancellationToken cancellationToken)
    {
        var redis = await Redis.StartAsync(cancellationToken);
        return new RedisAlone(redis, await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString));
    }

    /// <summary>One batch at a time, each of so many entries.</summary>
    public async Task<RunResult> RunAsync(string scenario, int batch, int round, TimeSpan time, CancellationToken cancellationToken)
    {
        var options = Options.Create(new IntakeOptions());
        var (log, reader) = (new IntakeLog(_connection, options), new IntakeReader(_connection, options));
        var publishAndTrim = new PublishAndTrim(_connection, options, Options.Create(new ServerQueueOptions()), Options.Create(new RegistryOptions()));
        ReadOnlyMemory<byte>[] entries = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)Entry(), batch)];
        await CycleAsync(log, reader, publishAndTrim, entries, cancellationToken);

        var before = UseSample.Take([_redis.Process]);
        var (begun, sent, read) = (Stopwatch.GetTimestamp(), 0L, 0L);
        for (; Stopwatch.GetElapsedTime(begun) < time; sent += batch)
            read += await CycleAsync(log, reader, publishAndTrim, entries, cancellationToken);
        var after = UseSample.Take([_redis.Process]);
        var cpu = after.CpuSince(before);
        return new RunResult
        {
            Scenario = scenario,
            Subject = NameOf(batch),
            Protocol = "append, read, delete",
            Round = round,
            Seconds = Math.Round(after.Since(before).TotalSeconds, 2),
            PerSecond = Math.Round(sent / after.Since(before).TotalSeconds, 1),
            Counts = new Counts { Sent = sent, Delivered = read, Lost = sent - read },
            Cpu = cpu,
            CpuPerThousand = Math.Round(cpu.Values.Sum() * 1000 / sent, 4),
            Megabytes = after.Megabytes(),
            LoadCpu = after.SelfSince(before),
            Others = after.OthersSince(before),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private static async Task<int> CycleAsync(
        IntakeLog log, IntakeReader reader, PublishAndTrim publishAndTrim, ReadOnlyMemory<byte>[] entries, CancellationToken cancellationToken)
    {
        if (await log.AppendAsync(0, entries, cancellationToken) != AcceptOutcome.Accepted)
            throw new InvalidOperationException("Redis refused an entry.");
        var items = await reader.ReadHeadAsync(0, entries.Length, cancellationToken);
        if ((await publishAndTrim.RunAsync([], [new PartitionHead(0, items)], cancellationToken)).Failures is [{ } failure])
            throw failure;
        return items.Count;
    }

    private static byte[] Entry() => new IntakeEntry
    {
        MessageId = Guid.CreateVersion7(),
        ClientId = ClientId.New(),
        AuthorId = 1,
        Author = "bob",
        RecipientId = 2,
        Recipient = "alice",
        Body = new byte[64],
        Origin = default,
    }.Encode();
}
