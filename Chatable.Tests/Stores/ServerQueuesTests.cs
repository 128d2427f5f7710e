using Chatable.Messaging.ServerQueues;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class ServerQueuesTests(RedisServer server) : RedisTest(server)
{
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();
    private ServerQueue _queue = null!;
    private ServerQueueReader _reader = null!;
    private ConnectionMultiplexer _waiting = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _queue = Create(limit: 50_000);
        _waiting = await ConnectionMultiplexer.ConnectAsync(Redis.Connection.Configuration);
        _reader = new ServerQueueReader(() => _waiting, Options.Create(new ServerQueueOptions { KeyPrefix = Redis.Prefix }));
    }

    public override async ValueTask DisposeAsync()
    {
        await _waiting.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task EachServerReadsItsOwnBatchesFromWhereItStopped()
    {
        Assert.Equal(QueueAppend.Appended, await _queue.InsistAsync(new(_one, Bytes(1)), Token));
        Assert.Equal(QueueAppend.Appended, await _queue.InsistAsync(new(_other, Bytes(2)), Token));
        await _queue.InsistAsync(new(_one, Bytes(3)), Token);

        var first = Assert.Single(await ReadAsync(_one, ServerQueueReader.Start, count: 1));
        Assert.Equal([1], first.Batch.ToArray());
        var second = Assert.Single(await ReadAsync(_one, first.Position, count: 10));
        Assert.Equal([3], second.Batch.ToArray());
        Assert.Empty(await ReadAsync(_one, second.Position, count: 10));
        Assert.Equal([2], Assert.Single(await ReadAsync(_other, ServerQueueReader.Start, count: 10)).Batch.ToArray());
    }

    [Fact]
    public async Task AQueueThatCannotTakeItsBatchSaysSo()
    {
        await Redis.Database.StringSetAsync($"{Redis.Prefix}srv:{{{_other:N}}}", "no stream");
        var failure = await Assert.ThrowsAsync<RedisException>(() => _queue.InsistAsync(new(_other, Bytes(1)), Token));
        Assert.StartsWith("WRONGTYPE", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReadOfAnEmptyQueueWaitsForItsOwnBatchesAlone()
    {
        var reading = _reader.ReadAsync(_one, ServerQueueReader.Start, count: 10, TimeSpan.FromSeconds(4), Token);
        await _queue.InsistAsync(new(_other, Bytes(2)), Token);
        Assert.False(reading.IsCompleted);
        await _queue.InsistAsync(new(_one, Bytes(1)), Token);
        Assert.Equal([1], Assert.Single(await reading).Batch.ToArray());
    }

    [Fact]
    public async Task AReadGivesUpWithItsPatienceOrItsCaller()
    {
        Assert.Empty(await _reader.ReadAsync(_one, ServerQueueReader.Start, count: 10, TimeSpan.FromMilliseconds(20), Token));
        using var caller = new CancellationTokenSource();
        var reading = _reader.ReadAsync(_one, ServerQueueReader.Start, count: 10, TimeSpan.FromSeconds(4), caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task EitherProtocolIsUnderstood(RedisProtocol protocol)
    {
        var settings = ConfigurationOptions.Parse(Redis.Connection.Configuration);
        settings.Protocol = protocol;
        await using var connection = await ConnectionMultiplexer.ConnectAsync(settings);
        var reader = new ServerQueueReader(() => connection, Options.Create(new ServerQueueOptions { KeyPrefix = Redis.Prefix }));
        Assert.Empty(await reader.ReadAsync(_one, ServerQueueReader.Start, count: 10, TimeSpan.Zero, Token));

        await _queue.InsistAsync(new(_one, Bytes(1)), Token);
        await _queue.InsistAsync(new(_one, Bytes(2)), Token);
        var read = await reader.ReadAsync(_one, ServerQueueReader.Start, count: 10, TimeSpan.Zero, Token);
        Assert.Equal([1, 2], read.Select(batch => batch.Batch.Span[0]));
    }

    [Fact]
    public async Task FullQueueDropsItsOldestAndSaysSo()
    {
        var queue = Create(limit: 100);
        var results = new List<QueueAppend>();
        for (var i = 0; i < 300; i++)
            results.Add(await queue.InsistAsync(new(_one, Bytes((byte)i)), Token));

        Assert.Equal(Enumerable.Repeat(QueueAppend.Appended, 100), results.Take(100));
        Assert.Contains(QueueAppend.Overflowed, results.Skip(100));
        var left = await ReadAsync(_one, ServerQueueReader.Start, count: 1000);
        Assert.InRange(left.Count, 100, 200);
        Assert.Equal([43], left[^1].Batch.ToArray());
    }

    [Fact]
    public async Task TrimmingGivesBackWhatWasReadAndNothingElse()
    {
        for (var i = 0; i < 250; i++)
            await _queue.InsistAsync(new(_one, Bytes((byte)i)), Token);
        var read = await ReadAsync(_one, ServerQueueReader.Start, count: 220);
        await _queue.TrimAsync(_one, read[^1].Position, Token);

        Assert.InRange(await Redis.Database.StreamLengthAsync($"{Redis.Prefix}srv:{{{_one:N}}}"), 31, 130);
        Assert.Equal(30, (await ReadAsync(_one, read[^1].Position, count: 1000)).Count);
    }

    [Fact]
    public async Task DeletedQueueIsEmpty()
    {
        await _queue.InsistAsync(new(_one, Bytes(1)), Token);
        await _queue.DeleteAsync(_one, Token);
        Assert.Empty(await ReadAsync(_one, ServerQueueReader.Start, count: 10));
    }

    [Fact]
    public async Task QueueThatNobodyWillRemoveGoesByItself()
    {
        RedisKey key = $"{Redis.Prefix}srv:{{{_one:N}}}";
        await _queue.InsistAsync(new(_one, Bytes(1)), Token);
        await _queue.DeleteAsync(_one, Token);
        await _queue.InsistAsync(new(_one, Bytes(2)), Token);
        Assert.InRange(await MinutesLeftAsync(), 9, 10);

        await Redis.Database.KeyExpireAsync(key, TimeSpan.FromSeconds(30));
        await _queue.InsistAsync(new(_one, Bytes(3)), Token);
        Assert.InRange(await MinutesLeftAsync(), 9, 10);

        async Task<double> MinutesLeftAsync() => (await Redis.Database.KeyTimeToLiveAsync(key))?.TotalMinutes ?? double.PositiveInfinity;
    }

    private Task<IReadOnlyList<QueuedBatch>> ReadAsync(Guid bootId, RedisValue after, int count) =>
        _reader.ReadAsync(bootId, after, count, TimeSpan.Zero, Token);

    private ServerQueue Create(int limit) =>
        new(Redis.Connection, Options.Create(new ServerQueueOptions { KeyPrefix = Redis.Prefix, Limit = limit }));

    private static ReadOnlyMemory<byte> Bytes(byte value) => new[] { value };
}
