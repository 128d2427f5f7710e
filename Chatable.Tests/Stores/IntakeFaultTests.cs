using System.Globalization;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

/// <summary>Each test damages its own Redis, and checks that no uncertain outcome is reported as certain.</summary>
public sealed class IntakeFaultTests : IAsyncLifetime
{
    private static readonly ReadOnlyMemory<byte>[] s_entry = [new byte[] { 1, 2, 3 }];

    private readonly RedisServer _server = new();
    private IntakeRedis _redis = null!;
    private IntakeRedis _operator = null!;
    private IntakeLog _log = null!;
    private IntakeReader _reader = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _redis = await IntakeRedis.ConnectAsync(_server.ConnectionString, timeout: TimeSpan.FromSeconds(1));
        _operator = await IntakeRedis.ConnectAsync(_server.ConnectionString);
        _log = new IntakeLog(_redis.Connection, Options.Create(new IntakeOptions()));
        _reader = new IntakeReader(_redis.Connection, Options.Create(new IntakeOptions()));
        Assert.Equal(AcceptOutcome.Accepted, await _log.AppendAsync(0, s_entry, Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _operator.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task OutOfMemoryRefusesEntriesButTheIntakeDrains()
    {
        var queue = new ServerQueue(_redis.Connection, Options.Create(new ServerQueueOptions()));
        var bootId = Guid.NewGuid();
        await new ServerRegistry(_redis.Connection, Options.Create(new RegistryOptions()), TimeProvider.System)
            .HeartbeatAsync(bootId, Token);
        await ConfigureAsync("maxmemory", "1");
        Assert.Equal(AcceptOutcome.Busy, await _log.AppendAsync(0, [.. s_entry, .. s_entry], Token));
        Assert.Equal(QueueAppend.Appended, await queue.InsistAsync(new(Guid.NewGuid(), s_entry[0]), Token));

        var items = await _reader.ReadHeadAsync(0, 10, Token);
        Assert.Single(items);
        var publishAndTrim = new PublishAndTrim(
            _redis.Connection, Options.Create(new IntakeOptions()), Options.Create(new ServerQueueOptions()),
            Options.Create(new RegistryOptions()));
        var (told, failures, _) = await publishAndTrim.RunAsync(
            [new AddressedItem(s_entry[0], [], bootId)], [new PartitionHead(0, items)], Token);
        Assert.Equal([QueueAppend.OutOfMemory], told);
        Assert.Equal([null], failures);
        Assert.Empty(await _reader.ReadHeadAsync(0, 10, Token));

        await ConfigureAsync("maxmemory", "0");
        Assert.Equal(AcceptOutcome.Accepted, await _log.AppendAsync(0, s_entry, Token));
        Assert.Single(await _reader.ReadHeadAsync(0, 10, Token));
    }

    [Fact]
    public async Task OutOfMemoryKeepsNoEntryFromTheDeadLettersAndTheyTakeHardlyAny()
    {
        const int Letters = 100;
        var huge = new byte[100_000];
        for (var i = 0; i < Letters; i++)
            await _operator.Database.StreamAddAsync("in:{7}", "m", huge);
        var before = await UsedMemoryAsync();
        await ConfigureAsync("maxmemory", "1");

        var items = await _reader.ReadHeadAsync(7, Letters, Token);
        foreach (var item in items)
        {
            Assert.Equal(1, await _reader.CountAttemptAsync(7, item, Token));
            Assert.True(await _reader.DeadLetterAsync(7, item, "22021", attempts: 1, Token));
        }

        Assert.Empty(await _reader.ReadHeadAsync(7, 1, Token));
        Assert.Equal(Letters, await _operator.Database.StreamLengthAsync("dlq:{7}"));
        // A twentieth of 10 MB: the buffers of connections count too.
        Assert.InRange(await UsedMemoryAsync() - before, long.MinValue, Letters * huge.Length / 20);

        // A replay is the operator's choice and can wait.
        var letters = new DeadLetterLog(_redis.Connection, Options.Create(new IntakeOptions()));
        var letter = (await letters.ListAsync(7, null, 1, Token))[0];
        await Assert.ThrowsAsync<RedisServerException>(() => letters.ReplayAsync(7, letter.Id, Token));
        Assert.Equal(Letters, await _operator.Database.StreamLengthAsync("dlq:{7}"));
    }

    [Fact]
    public async Task ServerThatMayNotWriteIsUnavailable()
    {
        await ConfigureAsync("min-replicas-to-write", "1");
        Assert.Equal(AcceptOutcome.Unavailable, await _log.AppendAsync(0, s_entry, Token));
        await ConfigureAsync("min-replicas-to-write", "0");
        Assert.Single(await _reader.ReadHeadAsync(0, 10, Token));
    }

    [Fact]
    public async Task SilenceIsAmbiguousForTheEntryMayYetBeTaken()
    {
        await _operator.Database.ExecuteAsync("CLIENT", "PAUSE", "60000", "WRITE");
        Assert.Equal(AcceptOutcome.Unknown, await _log.AppendAsync(0, s_entry, Token));
        await _operator.Database.ExecuteAsync("CLIENT", "UNPAUSE");
        await WaitForEntriesAsync(2);
    }

    [Fact]
    public async Task ConnectionLostAfterSendingIsAmbiguous()
    {
        await _operator.Database.ExecuteAsync("CLIENT", "PAUSE", "60000", "WRITE");
        var appending = _log.AppendAsync(0, s_entry, Token);
        await WaitForBlockedClientAsync();
        await _operator.Database.ExecuteAsync("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES");
        Assert.Equal(AcceptOutcome.Unknown, await appending);
    }

    [Fact]
    public async Task StoppedServerIsUnavailableAtOnce()
    {
        _operator.Connection.GetServers()[0].Shutdown(ShutdownMode.Never);
        // Does not use the connection-failed event: the subscription connection may report it first.
        await Eventually.HoldsAsync(() => Task.FromResult(!_redis.Connection.IsConnected), "the connection was lost", Token);
        Assert.Equal(AcceptOutcome.Unavailable, await _log.AppendAsync(0, s_entry, Token));
    }

    private async Task<long> UsedMemoryAsync()
    {
        var memory = (await _operator.Connection.GetServers()[0].InfoAsync("memory")).Single();
        return long.Parse(memory.Single(line => line.Key == "used_memory").Value, CultureInfo.InvariantCulture);
    }

    private Task<RedisResult> ConfigureAsync(string setting, string value) =>
        _operator.Database.ExecuteAsync("CONFIG", "SET", setting, value);

    private async Task WaitForEntriesAsync(int count)
    {
        while ((await _reader.ReadHeadAsync(0, 10, Token)).Count < count)
            await Task.Delay(10, Token);
    }

    private async Task WaitForBlockedClientAsync()
    {
        while (!(await _operator.Database.ExecuteAsync("INFO", "clients")).ToString().Contains("blocked_clients:1"))
            await Task.Delay(10, Token);
    }
}
