using System.Text;
using Chatable.Messaging.Intake;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class IntakeTests(RedisServer server) : RedisTest(server)
{
    [Fact]
    public async Task EntriesStandInTheOrderTheyWereGiven()
    {
        var (log, reader) = Create();
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(3, Entries("a", "b"), Token));
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(3, Entries("c"), Token));

        Assert.Equal(["a", "b", "c"], await TextsAsync(reader, 3));
        Assert.Equal(["a", "b"], await TextsAsync(reader, 3, count: 2));
        Assert.Empty(await TextsAsync(reader, 4));

    }

    [Fact]
    public async Task FullPartitionTakesAllOrNothingAndOthersGoOn()
    {
        var (log, reader) = Create(options => options.Limit = 3);
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(0, Entries("a", "b"), Token));
        Assert.Equal(AcceptOutcome.Busy, await log.AppendAsync(0, Entries("c", "d"), Token));
        Assert.Equal(["a", "b"], await TextsAsync(reader, 0));
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(0, Entries("e"), Token));
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(1, Entries("f"), Token));
    }

    [Fact]
    public async Task SeveralAppendsInOneCommandAreEachTakenOrRefused()
    {
        var (log, reader) = Create(options => options.Limit = 3);
        AcceptOutcome[] outcomes = [AcceptOutcome.Accepted, AcceptOutcome.Accepted, AcceptOutcome.Busy, AcceptOutcome.Accepted];
        Assert.Equal(outcomes, await log.AppendAsync(
            [new(0, Entries("a", "b")), new(7, Entries("c")), new(0, Entries("d", "e")), new(0, Entries("f"))], Token));
        Assert.Equal(["a", "b", "f"], await TextsAsync(reader, 0));
        Assert.Equal(["c"], await TextsAsync(reader, 7));
    }

    [Fact]
    public async Task AnErrorAmongSeveralAppendsLeavesAllUnsure()
    {
        var (log, reader) = Create();
        await Redis.Database.StringSetAsync($"{Redis.Prefix}in:{{1}}", "no stream");
        Assert.Equal(
            [AcceptOutcome.Unknown, AcceptOutcome.Unknown], await log.AppendAsync([new(0, Entries("a")), new(1, Entries("b"))], Token));
        Assert.Equal(["a"], await TextsAsync(reader, 0));
    }

    [Fact]
    public async Task HeadsOfSeveralPartitionsAreReadInOneGoOrNotAtAll()
    {
        var (log, reader) = Create();
        await log.AppendAsync([new(2, Entries("a", "b", "c")), new(9, Entries("d"))], Token);
        var heads = await reader.ReadHeadsAsync([2, 5, 9], count: 2, TimeSpan.FromSeconds(4), Token);
        Assert.Equal(["2: a b", "9: d"], heads.Select(TextOf).Order());

        await Redis.Database.StringSetAsync($"{Redis.Prefix}in:{{5}}", "no stream");
        await Assert.ThrowsAsync<RedisServerException>(
            () => reader.ReadHeadsAsync([2, 5], count: 2, TimeSpan.FromMilliseconds(1), Token));
    }

    [Fact]
    public async Task WhereNothingStandsAnArrivalIsWaitedForUntilPatienceEnds()
    {
        var (log, _) = Create();
        await using var own = await ConnectionMultiplexer.ConnectAsync(
            $"{Redis.Connection.Configuration},name={Redis.Prefix}");
        var reader = new IntakeReader(own, Options.Create(new IntakeOptions { KeyPrefix = Redis.Prefix }));
        Assert.Empty(await reader.ReadHeadsAsync([1, 2], count: 2, TimeSpan.FromMilliseconds(20), Token));

        var reading = reader.ReadHeadsAsync([1, 2], count: 2, TimeSpan.FromSeconds(4), Token);
        await Eventually.HoldsAsync(
            () => RedisClients.IsAnyWaitingAsync(Redis.Database, Redis.Prefix), "the reader waits", Token);
        await log.AppendAsync(2, Entries("a", "b", "c"), Token);
        Assert.Equal(["2: a b"], (await reading).Select(TextOf));

        using var caller = new CancellationTokenSource();
        var empty = reader.ReadHeadsAsync([1], count: 2, TimeSpan.FromSeconds(4), caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => empty);
    }

    [Fact]
    public async Task ScriptsForgottenByTheServerAreSentAgain()
    {
        var (log, reader) = Create();
        await log.AppendAsync(0, Entries("a"), Token);
        await Redis.Connection.GetServers()[0].ScriptFlushAsync();
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(0, Entries("b"), Token));
        Assert.Equal(["a", "b"], await TextsAsync(reader, 0));
    }

    [Fact]
    public async Task CancelledCallerHasSentNothing()
    {
        var (log, reader) = Create();
        await Assert.ThrowsAsync<OperationCanceledException>(() => log.AppendAsync(0, Entries("a"), new CancellationToken(canceled: true)));
        Assert.Empty(await TextsAsync(reader, 0));
    }

    [Fact]
    public async Task TwoPrefixesOnOneRedisDoNotMeet()
    {
        var (log, reader) = Create();
        var (otherLog, otherReader) = Create(options => options.KeyPrefix += "other:");
        await log.AppendAsync(0, Entries("mine"), Token);
        await otherLog.AppendAsync(0, Entries("other"), Token);
        Assert.Equal(["mine"], await TextsAsync(reader, 0));
        Assert.Equal(["other"], await TextsAsync(otherReader, 0));
    }

    [Fact]
    public async Task AnotherNumberOfPartitionsIsRefusedInOneClearSentence()
    {
        await Create(options => options.Partitions = 8).Log.EnsurePartitionsAsync(Token);
        await Create(options => options.Partitions = 8).Log.EnsurePartitionsAsync(Token);
        var mismatch = await Assert.ThrowsAsync<UnusableRedisException>(
            () => Create(options => options.Partitions = 16).Log.EnsurePartitionsAsync(Token));
        Assert.StartsWith("Intake:Partitions is 16, but the intake in Redis is laid out in 8 partitions:", mismatch.Message);
    }

    [Fact]
    public async Task AClusterIsRefusedInOneClearSentence()
    {
        await using var cluster = new RedisServer { MoreSettings = ["--cluster-enabled", "yes"] };
        await cluster.InitializeAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cluster.ConnectionString);
        var log = new IntakeLog(redis, Options.Create(new IntakeOptions()));
        var failure = await Assert.ThrowsAsync<UnusableRedisException>(() => log.EnsurePartitionsAsync(Token));
        Assert.StartsWith("This Redis is a cluster.", failure.Message);
    }

    [Fact]
    public async Task DeadLetterKeepsTheWholeEntryAndItsStory()
    {
        var (log, reader) = Create();
        await Redis.Database.StreamAddAsync($"{Redis.Prefix}in:{{5}}", [new("x", "strange"), new("y", new byte[] { 0, 255 })]);
        await log.AppendAsync(5, Entries("good"), Token);
        var strange = (await reader.ReadHeadAsync(5, 1, Token))[0];
        Assert.Equal((1, 2), (await reader.CountAttemptAsync(5, strange, Token), await reader.CountAttemptAsync(5, strange, Token)));

        Assert.True(await reader.DeadLetterAsync(5, strange, "undecodable", attempts: 2, Token));
        Assert.True(await reader.DeadLetterAsync(5, strange, "undecodable", attempts: 2, Token));

        var letter = Assert.Single(await Redis.Database.StreamRangeAsync($"{Redis.Prefix}dlq:{{5}}"));
        Assert.Equal((RedisValue[])[strange.Id, "undecodable", "2"], (RedisValue[])[letter["id"], letter["error"], letter["attempts"]]);
        Assert.Equal((RedisValue[])["strange", new byte[] { 0, 255 }], (RedisValue[])[letter["x"], letter["y"]]);
        Assert.Equal(["good"], await TextsAsync(reader, 5));
        Assert.Equal(0, await Redis.Database.HashLengthAsync($"{Redis.Prefix}att:{{5}}"));
    }

    [Fact]
    public async Task EntryOfVeryManyFieldsBecomesADeadLetterToo()
    {
        var (_, reader) = Create();
        var fields = Enumerable.Range(0, 20_000).Select(i => new NameValueEntry($"f{i}", i)).ToArray();
        await Redis.Database.StreamAddAsync($"{Redis.Prefix}in:{{5}}", fields);
        Assert.True(await reader.DeadLetterAsync(5, (await reader.ReadHeadAsync(5, 1, Token))[0], "undecodable", attempts: 1, Token));
        var letter = Assert.Single(await Redis.Database.StreamRangeAsync($"{Redis.Prefix}dlq:{{5}}"));
        Assert.True(letter["packed"].Length() > 20_000 * 8);
    }

    [Fact]
    public async Task FullDeadLettersLeaveTheEntryWhereItIs()
    {
        var (log, reader) = Create(options => options.DeadLetterLimit = 1);
        await log.AppendAsync(0, Entries("a", "b"), Token);
        var items = await reader.ReadHeadAsync(0, 2, Token);
        Assert.True(await reader.DeadLetterAsync(0, items[0], "22021", attempts: 1, Token));
        Assert.False(await reader.DeadLetterAsync(0, items[1], "22021", attempts: 1, Token));
        Assert.Equal(["b"], await TextsAsync(reader, 0));
    }

    private (IntakeLog Log, IntakeReader Reader) Create(Action<IntakeOptions>? configure = null)
    {
        var options = new IntakeOptions { KeyPrefix = Redis.Prefix };
        configure?.Invoke(options);
        return (new IntakeLog(Redis.Connection, Options.Create(options)), new IntakeReader(Redis.Connection, Options.Create(options)));
    }

    private static string TextOf(PartitionHead head) =>
        $"{head.Partition}: {string.Join(' ', head.Items.Select(item => Encoding.UTF8.GetString(item.Payload.Span)))}";

    private static ReadOnlyMemory<byte>[] Entries(params string[] texts) =>
        Array.ConvertAll(texts, text => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(text));

    private static async Task<IEnumerable<string>> TextsAsync(IntakeReader reader, int partition, int count = 100) =>
        (await reader.ReadHeadAsync(partition, count, Token)).Select(item => Encoding.UTF8.GetString(item.Payload.Span));
}
