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

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _queue = Create(limit: 50_000);
    }

    [Fact]
    public async Task EachServerReadsItsOwnBatchesFromWhereItStopped()
    {
        Assert.Equal([QueueAppend.Appended, QueueAppend.Appended], await _queue.AppendAsync([(_one, Bytes(1)), (_other, Bytes(2))], Token));
        await _queue.AppendAsync([(_one, Bytes(3))], Token);

        var first = Assert.Single(await _queue.ReadAsync(_one, ServerQueue.Start, count: 1, Token));
        Assert.Equal([1], first.Batch.ToArray());
        var second = Assert.Single(await _queue.ReadAsync(_one, first.Position, count: 10, Token));
        Assert.Equal([3], second.Batch.ToArray());
        Assert.Empty(await _queue.ReadAsync(_one, second.Position, count: 10, Token));
        Assert.Equal([2], Assert.Single(await _queue.ReadAsync(_other, ServerQueue.Start, count: 10, Token)).Batch.ToArray());
    }

    [Fact]
    public async Task AppendWakesTheServerAndNoOther()
    {
        var (woken, others) = (new TaskCompletionSource(), 0);
        await using var subscription = await _queue.SubscribeAsync(_one, () => woken.TrySetResult(), Token);
        await using var other = await _queue.SubscribeAsync(_other, () => Interlocked.Increment(ref others), Token);
        await _queue.AppendAsync([(_one, Bytes(1))], Token);
        await woken.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal(0, others);
    }

    [Fact]
    public async Task FullQueueDropsItsOldestAndSaysSo()
    {
        var queue = Create(limit: 100);
        var results = new List<QueueAppend>();
        for (var i = 0; i < 300; i++)
            results.AddRange(await queue.AppendAsync([(_one, Bytes((byte)i))], Token));

        Assert.Equal(Enumerable.Repeat(QueueAppend.Appended, 100), results.Take(100));
        Assert.Contains(QueueAppend.Overflowed, results.Skip(100));
        var left = await queue.ReadAsync(_one, ServerQueue.Start, count: 1000, Token);
        Assert.InRange(left.Count, 100, 200);
        Assert.Equal([43], left[^1].Batch.ToArray());
    }

    [Fact]
    public async Task TrimmingGivesBackWhatWasReadAndNothingElse()
    {
        for (var i = 0; i < 250; i++)
            await _queue.AppendAsync([(_one, Bytes((byte)i))], Token);
        var read = await _queue.ReadAsync(_one, ServerQueue.Start, count: 220, Token);
        await _queue.TrimAsync(_one, read[^1].Position, Token);

        Assert.InRange(await Redis.Database.StreamLengthAsync($"{Redis.Prefix}srv:{{{_one:N}}}"), 31, 130);
        Assert.Equal(30, (await _queue.ReadAsync(_one, read[^1].Position, count: 1000, Token)).Count);
    }

    [Fact]
    public async Task DeletedQueueIsEmpty()
    {
        await _queue.AppendAsync([(_one, Bytes(1))], Token);
        await _queue.DeleteAsync(_one, Token);
        Assert.Empty(await _queue.ReadAsync(_one, ServerQueue.Start, count: 10, Token));
    }

    [Fact]
    public async Task QueueThatNobodyWillRemoveGoesByItself()
    {
        RedisKey key = $"{Redis.Prefix}srv:{{{_one:N}}}";
        await _queue.AppendAsync([(_one, Bytes(1))], Token);
        await _queue.DeleteAsync(_one, Token);
        await _queue.AppendAsync([(_one, Bytes(2))], Token);
        Assert.InRange(await MinutesLeftAsync(), 9, 10);

        await Redis.Database.KeyExpireAsync(key, TimeSpan.FromSeconds(30));
        await _queue.AppendAsync([(_one, Bytes(3))], Token);
        Assert.InRange(await MinutesLeftAsync(), 9, 10);

        async Task<double> MinutesLeftAsync() => (await Redis.Database.KeyTimeToLiveAsync(key))?.TotalMinutes ?? double.PositiveInfinity;
    }

    private ServerQueue Create(int limit) =>
        new(Redis.Connection, Options.Create(new ServerQueueOptions { KeyPrefix = Redis.Prefix, Limit = limit }));

    private static ReadOnlyMemory<byte> Bytes(byte value) => new[] { value };
}
