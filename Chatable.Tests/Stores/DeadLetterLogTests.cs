using System.Text;
using Chatable.Messaging.Intake;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class DeadLetterLogTests(RedisServer server) : RedisTest(server)
{
    private const int Partition = 5;

    private IntakeReader _reader = null!;
    private DeadLetterLog _letters = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var options = Options.Create(new IntakeOptions { KeyPrefix = Redis.Prefix, Limit = 2 });
        (_reader, _letters) = (new(Redis.Connection, options), new(Redis.Connection, options));
    }

    [Theory]
    [InlineData("m", 1)]
    [InlineData("packed", 1)]
    [InlineData("packed", 3)]
    [InlineData("f", 900)]
    public async Task ReplayedEntryIsTheOneThatWasPutAside(string name, int fields)
    {
        NameValueEntry[] entry =
            [.. Enumerable.Range(0, fields).Select(i => new NameValueEntry(i == 0 ? name : $"{name}{i}", new byte[] { 0, 0xC0, (byte)i }))];
        var id = await PutAsideAsync(entry);
        var letter = await _letters.FindAsync(Partition, id, Token);
        Assert.Equal((fields, entry.Sum(f => f.Name.Length() + f.Value.Length())), (letter!.Fields, letter.Bytes));
        Assert.Equal(name == "m" ? entry[0].Value : RedisValue.EmptyString, letter.Payload);

        Assert.Equal(ReplayOutcome.Replayed, await _letters.ReplayAsync(Partition, id, Token));

        var replayed = Assert.Single(await Redis.Database.StreamRangeAsync(Key("in")));
        Assert.Equal(entry, replayed.Values);
        Assert.Equal(7, await Redis.Database.HashGetAsync(Key("att"), replayed.Id));
        Assert.Equal(0, await Redis.Database.StreamLengthAsync(Key("dlq")));
        Assert.Equal(ReplayOutcome.NotFound, await _letters.ReplayAsync(Partition, id, Token));
    }

    [Fact]
    public async Task LetterThatCannotGoBackStays()
    {
        var huge = await PutAsideAsync([.. Enumerable.Range(0, 20_000).Select(i => new NameValueEntry($"f{i}", i))]);
        var good = await PutAsideAsync([new("m", "x")]);
        Assert.Equal(ReplayOutcome.TooManyFields, await _letters.ReplayAsync(Partition, huge, Token));
        await Redis.Database.StreamAddAsync(Key("in"), "m", "1");
        await Redis.Database.StreamAddAsync(Key("in"), "m", "2");
        Assert.Equal(ReplayOutcome.IntakeFull, await _letters.ReplayAsync(Partition, good, Token));
        Assert.Equal([huge, good], (await _letters.ListAsync(Partition, null, 10, Token)).Select(letter => letter.Id));
        Assert.Equal([good], (await _letters.ListAsync(Partition, huge, 10, Token)).Select(letter => letter.Id));
    }

    [Fact]
    public async Task OfTwoWhoReplayTheSameLetterOneDoes()
    {
        var id = await PutAsideAsync([new("m", "x")]);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _letters.ReplayAsync(Partition, id, Token)));
        Assert.Single(outcomes, ReplayOutcome.Replayed);
        Assert.Equal(1, await Redis.Database.StreamLengthAsync(Key("in")));
    }

    [Fact]
    public async Task AnotherEntryThatHasTheIdAfterALossStaysWhereItIs()
    {
        await Redis.Database.StreamAddAsync(Key("in"), "m", "poison", "5-0");
        var poison = Assert.Single(await _reader.ReadHeadAsync(Partition, 1, Token));
        await Redis.Database.KeyDeleteAsync(Key("in"));
        await Redis.Database.StreamAddAsync(Key("in"), "m", "good", "5-0");

        Assert.True(await _reader.DeadLetterAsync(Partition, poison, "22021", attempts: 1, Token));

        Assert.Equal("good", Assert.Single(await Redis.Database.StreamRangeAsync(Key("in")))["m"]);
        Assert.Equal(0, await Redis.Database.StreamLengthAsync(Key("dlq")));
    }

    private async Task<string> PutAsideAsync(NameValueEntry[] entry)
    {
        await Redis.Database.StreamAddAsync(Key("in"), entry);
        var item = (await _reader.ReadHeadAsync(Partition, 1, Token))[0];
        Assert.True(await _reader.DeadLetterAsync(Partition, item, "22021", attempts: 7, Token));
        return (await Redis.Database.StreamRangeAsync(Key("dlq"), messageOrder: Order.Descending))[0].Id.ToString();
    }

    private RedisKey Key(string kind) => Encoding.ASCII.GetBytes($"{Redis.Prefix}{kind}:{{{Partition}}}");
}
