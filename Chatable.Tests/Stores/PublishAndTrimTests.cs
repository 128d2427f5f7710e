using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class PublishAndTrimTests(RedisServer server) : RedisTest(server)
{
    // The first byte of every batch.
    private const byte Version = 3;

    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();

    [Fact]
    public async Task EveryServerOfAUserAndTheOriginAreToldOnceAndInOrder()
    {
        var (_, _, publishAndTrim) = Create();
        var origin = Guid.NewGuid();
        await JoinAsync(_one, 1, 2);
        await JoinAsync(_other, 2);
        await JoinAsync(origin);

        var result = await publishAndTrim.RunAsync(
            [Item(7, origin, 1, 2), Item(8, _one, 2, 1), Item(9, origin), Item(10, origin, 3)], [], Token);

        Assert.Equal(Enumerable.Repeat(QueueAppend.Appended, 3), result.Told);
        Assert.Empty(result.Dead);
        Assert.Equal([Version, 7, 8], await ToldAsync(_one));
        Assert.Equal([Version, 7, 8], await ToldAsync(_other));
        Assert.Equal([Version, 7, 9, 10], await ToldAsync(origin));
        Assert.InRange(
            (await Redis.Database.KeyTimeToLiveAsync(QueueOf(_one)))!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task ItemsOfAnyLengthStayWhole()
    {
        var (_, _, publishAndTrim) = Create();
        await JoinAsync(_one, [.. Enumerable.Range(1, 300)]);
        var items = Enumerable.Range(1, 300).Select(i => new AddressedItem(RandomBytes(i * i), [i], _one)).ToArray();

        await publishAndTrim.RunAsync(items, [], Token);

        Assert.Equal(items.SelectMany(item => item.Bytes.ToArray()).Prepend(Version), await ToldAsync(_one));
    }

    [Fact]
    public async Task AServerThatLivesNoMoreIsNotToldButFound()
    {
        var (_, _, publishAndTrim) = Create();
        var brief = Registry(options => options.ServerLifetime = TimeSpan.FromMilliseconds(1));
        await JoinAsync(_one, 1, 2);
        await brief.HeartbeatAsync(_other, Token);
        await brief.AddUsersAsync(_other, [2, 3], Token);
        while ((await brief.FindLiveAsync([_other], Token)).Count > 0)
            await Task.Delay(1, Token);

        var result = await publishAndTrim.RunAsync([Item(7, _other, 1, 2), Item(8, _other, 3)], [], Token);

        Assert.Equal([QueueAppend.Appended], result.Told);
        Assert.Equal([Version, 7], await ToldAsync(_one));
        Assert.False(await Redis.Database.KeyExistsAsync(QueueOf(_other)));
        Assert.Equal([new Registration(2, _other), new Registration(3, _other)], result.Dead);
        await Registry().ForgetAsync(result.Dead, Token);
        Assert.Equal([_one.ToString("N")], await Redis.Database.SetMembersAsync($"{Redis.Prefix}u:{{2}}"));
        Assert.False(await Redis.Database.KeyExistsAsync($"{Redis.Prefix}u:{{3}}"));
    }

    [Fact]
    public async Task WhatWasReadIsDeletedButNothingThatCameLater()
    {
        var (log, reader, publishAndTrim) = Create();
        await log.AppendAsync([new(2, Entries(1, 2, 3)), new(9, Entries(4))], Token);
        PartitionHead[] heads = [new(2, await reader.ReadHeadAsync(2, 2, Token)), new(9, await reader.ReadHeadAsync(9, 2, Token))];
        await Redis.Database.HashSetAsync($"{Redis.Prefix}att:{{9}}", heads[1].Items[0].Id, 3);

        Assert.Equal([null, null], (await publishAndTrim.RunAsync([Item(7, _one, 1)], heads, Token)).Failures);

        Assert.Equal([3], Assert.Single(await reader.ReadHeadAsync(2, 10, Token)).Payload.ToArray());
        Assert.Empty(await reader.ReadHeadAsync(9, 10, Token));
        Assert.False(await Redis.Database.KeyExistsAsync($"{Redis.Prefix}att:{{9}}"));
    }

    [Fact]
    public async Task WhereItWasReadToIsExactToTheSequenceOfOneMillisecond()
    {
        var (_, reader, publishAndTrim) = Create();
        RedisKey log = $"{Redis.Prefix}in:{{2}}", attempts = $"{Redis.Prefix}att:{{2}}";
        RedisValue[] ids = ["5-1", "5-9", "5-10", "5-11", "40-0"];
        foreach (var id in ids)
        {
            await Redis.Database.StreamAddAsync(log, "m", "1", id);
            await Redis.Database.HashSetAsync(attempts, id, 1);
        }

        Assert.Equal(
            [null], (await publishAndTrim.RunAsync([], [new(2, await reader.ReadHeadAsync(2, 3, Token))], Token)).Failures);

        Assert.Equal(ids[3..], (await reader.ReadHeadAsync(2, 10, Token)).Select(item => item.Id));
        Assert.Equal(ids[3..].Order(), (await Redis.Database.HashKeysAsync(attempts)).Order());
    }

    /// <summary>
    /// Entries 50-0, 51-0 and 52-0 were read. Before they are settled, Redis loses all or the last of them and numbers new entries with a
    /// clock that is behind.
    /// </summary>
    [Theory]
    [InlineData("40-0=new 41-0=new", true)]
    [InlineData("50-0=old0 51-0=old1 51-1=new", true)]
    [InlineData("50-0=old0 51-0=new 52-0=new", true)]
    [InlineData("52-0=new 53-0=new", true)]
    [InlineData("50-0=old0 51-0=old1", true)]
    [InlineData("53-0=new", false)]
    [InlineData("", false)]
    public async Task WhatCameAfterALossIsNotDeletedThoughItsIdsAreLower(string now, bool isChanged)
    {
        var (_, reader, publishAndTrim) = Create();
        RedisKey log = $"{Redis.Prefix}in:{{2}}";
        for (var i = 0; i < 3; i++)
            await Redis.Database.StreamAddAsync(log, "m", $"old{i}", $"{50 + i}-0");
        PartitionHead head = new(2, await reader.ReadHeadAsync(2, 10, Token));
        await Redis.Database.KeyDeleteAsync(log);
        foreach (var entry in now.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=')))
            await Redis.Database.StreamAddAsync(log, "m", entry[1], entry[0]);

        var failure = Assert.Single((await publishAndTrim.RunAsync([], [head], Token)).Failures);

        Assert.Equal(isChanged, failure is IntakeChangedException);
        Assert.Equal(isChanged, failure is not null);
        Assert.Equal(
            now, string.Join(' ', (await Redis.Database.StreamRangeAsync(log)).Select(entry => $"{entry.Id}={entry["m"]}")));
    }

    [Fact]
    public async Task WhatSomebodyElseHasDeletedMeanwhileIsNoLoss()
    {
        var (log, reader, publishAndTrim) = Create();
        await log.AppendAsync([new(2, Entries(1, 2, 3, 4))], Token);
        var (all, two) = (await reader.ReadHeadAsync(2, 3, Token), await reader.ReadHeadAsync(2, 2, Token));

        Assert.Equal([null], (await publishAndTrim.RunAsync([], [new(2, two)], Token)).Failures);
        Assert.Equal([null], (await publishAndTrim.RunAsync([], [new(2, all)], Token)).Failures);
        Assert.Equal([null], (await publishAndTrim.RunAsync([], [new(2, two)], Token)).Failures);

        Assert.Equal([4], Assert.Single(await reader.ReadHeadAsync(2, 10, Token)).Payload.ToArray());
    }

    [Fact]
    public async Task AttemptsThatAreNoneAreAFailureOfTheirPartition()
    {
        var (log, reader, publishAndTrim) = Create();
        await log.AppendAsync([new(2, Entries(1)), new(9, Entries(2))], Token);
        PartitionHead[] heads = [new(2, await reader.ReadHeadAsync(2, 2, Token)), new(9, await reader.ReadHeadAsync(9, 2, Token))];
        await Redis.Database.StringSetAsync($"{Redis.Prefix}att:{{2}}", "no hash");
        await Redis.Database.HashSetAsync($"{Redis.Prefix}att:{{9}}", "no id", 1);

        var failures = (await publishAndTrim.RunAsync([], heads, Token)).Failures;

        Assert.StartsWith("WRONGTYPE", failures[0]!.Message, StringComparison.Ordinal);
        Assert.Null(failures[1]);
        Assert.Empty(await reader.ReadHeadAsync(9, 10, Token));
    }

    [Fact]
    public async Task AFailureOfOnePartitionIsNoneOfTheOthers()
    {
        var (log, reader, publishAndTrim) = Create();
        await JoinAsync(_one);
        await log.AppendAsync([new(2, Entries(1)), new(9, Entries(2))], Token);
        var (first, last) = (await reader.ReadHeadAsync(2, 2, Token), await reader.ReadHeadAsync(9, 2, Token));
        await Redis.Database.StringSetAsync($"{Redis.Prefix}in:{{5}}", "no stream");

        var (told, failures, _) = await publishAndTrim.RunAsync([Item(7, _one)], [new(2, first), new(5, first), new(9, last)], Token);

        Assert.Equal([QueueAppend.Appended], told);
        Assert.Equal((null, null), (failures[0], failures[2]));
        Assert.StartsWith("WRONGTYPE", failures[1]!.Message, StringComparison.Ordinal);
        Assert.Empty(await reader.ReadHeadAsync(2, 10, Token));
        Assert.Empty(await reader.ReadHeadAsync(9, 10, Token));
    }

    [Fact]
    public async Task WhatOneServerCannotBeToldIsNotDeletedAndTheOthersAreTold()
    {
        var (log, reader, publishAndTrim) = Create();
        await JoinAsync(_one, 1);
        await JoinAsync(_other, 1);
        await log.AppendAsync(2, Entries(1), Token);
        await Redis.Database.StringSetAsync(QueueOf(_one), "no stream");

        var (told, failures, _) = await publishAndTrim.RunAsync(
            [Item(7, _one, 1)], [new(2, await reader.ReadHeadAsync(2, 2, Token))], Token);

        Assert.Empty(told);
        Assert.StartsWith("WRONGTYPE", Assert.Single(failures)!.Message, StringComparison.Ordinal);
        Assert.Equal([Version, 7], await ToldAsync(_other));
        Assert.Single(await reader.ReadHeadAsync(2, 10, Token));
    }

    [Fact]
    public async Task WhereItCannotBeFoundOutWhomToTellNothingIsDoneAtAll()
    {
        var (log, reader, publishAndTrim) = Create();
        await JoinAsync(_one, 1);
        await log.AppendAsync(2, Entries(1), Token);
        PartitionHead head = new(2, await reader.ReadHeadAsync(2, 2, Token));
        await Redis.Database.StringSetAsync($"{Redis.Prefix}u:{{2}}", "no set");

        await Assert.ThrowsAsync<RedisServerException>(() => publishAndTrim.RunAsync([Item(7, _one, 1), Item(8, _one, 2)], [head], Token));

        Assert.Single(await reader.ReadHeadAsync(2, 10, Token));
        Assert.False(await Redis.Database.KeyExistsAsync(QueueOf(_one)));
    }

    [Fact]
    public async Task AFullQueueSaysSoAndScriptsForgottenByTheServerAreSentAgain()
    {
        var (_, _, publishAndTrim) = Create(new ServerQueueOptions { Limit = 100 });
        await JoinAsync(_one);
        var results = new List<QueueAppend>();
        for (var i = 0; i < 101; i++)
        {
            if (i == 50)
                await Redis.Connection.GetServers()[0].ScriptFlushAsync();
            results.AddRange((await publishAndTrim.RunAsync([Item(7, _one)], [], Token)).Told);
        }

        Assert.Equal(Enumerable.Repeat(QueueAppend.Appended, 100).Append(QueueAppend.Overflowed), results);
    }

    [Fact]
    public async Task CancelledCallerHasSentNothing()
    {
        var (log, reader, publishAndTrim) = Create();
        await JoinAsync(_one);
        await log.AppendAsync(2, Entries(1), Token);
        PartitionHead head = new(2, await reader.ReadHeadAsync(2, 2, Token));
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => publishAndTrim.RunAsync([Item(7, _one)], [head], new CancellationToken(canceled: true)));
        Assert.Single(await reader.ReadHeadAsync(2, 10, Token));
        Assert.False(await Redis.Database.KeyExistsAsync(QueueOf(_one)));
    }

    private (IntakeLog Log, IntakeReader Reader, PublishAndTrim PublishAndTrim) Create(ServerQueueOptions? queues = null)
    {
        var options = Options.Create(new IntakeOptions { KeyPrefix = Redis.Prefix });
        queues ??= new ServerQueueOptions();
        queues.KeyPrefix = Redis.Prefix;
        var registry = Options.Create(new RegistryOptions { KeyPrefix = Redis.Prefix });
        return (new(Redis.Connection, options), new(Redis.Connection, options),
            new(Redis.Connection, options, Options.Create(queues), registry));
    }

    private ServerRegistry Registry(Action<RegistryOptions>? configure = null)
    {
        var options = new RegistryOptions { KeyPrefix = Redis.Prefix, LiveServersAge = TimeSpan.Zero };
        configure?.Invoke(options);
        return new ServerRegistry(Redis.Connection, Options.Create(options), TimeProvider.System);
    }

    private async Task JoinAsync(Guid bootId, params int[] users)
    {
        var registry = Registry(options => options.ServerLifetime = TimeSpan.FromMinutes(10));
        await registry.HeartbeatAsync(bootId, Token);
        await registry.AddUsersAsync(bootId, Array.ConvertAll(users, user => (long)user), Token);
    }

    private RedisKey QueueOf(Guid bootId) => $"{Redis.Prefix}srv:{{{bootId:N}}}";

    private async Task<byte[]> ToldAsync(Guid bootId) =>
        (byte[])Assert.Single(await Redis.Database.StreamRangeAsync(QueueOf(bootId)))["b"]!;

    private static AddressedItem Item(byte bytes, Guid origin, params long[] users) => new(new[] { bytes }, users, origin);

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static ReadOnlyMemory<byte>[] Entries(params byte[] values) =>
        Array.ConvertAll(values, value => (ReadOnlyMemory<byte>)new[] { value });
}
