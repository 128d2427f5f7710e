using Chatable.Messaging.Intake;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Settling;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Tests.Stores;

public sealed class SettlementTests(RedisServer server) : RedisTest(server)
{
    private readonly Guid _one = Guid.NewGuid();
    private readonly Guid _other = Guid.NewGuid();

    [Fact]
    public async Task ServersAreToldAndWhatWasReadIsDeletedButNothingThatCameLater()
    {
        var (log, reader, settlement) = Create();
        await log.AppendAsync([new(2, Entries(1, 2, 3)), new(9, Entries(4))], Token);
        PartitionHead[] heads = [new(2, await reader.ReadHeadAsync(2, 2, Token)), new(9, await reader.ReadHeadAsync(9, 2, Token))];
        await Redis.Database.HashSetAsync($"{Redis.Prefix}att:{{9}}", heads[1].Items[0].Id, 3);

        var (told, failures) = await settlement.SettleAsync([new(_one, Entries(7)[0]), new(_other, Entries(8)[0])], heads, Token);

        Assert.Equal([QueueAppend.Appended, QueueAppend.Appended], told);
        Assert.Equal([null, null], failures);
        Assert.Equal([7], await ToldAsync(_one));
        Assert.Equal([8], await ToldAsync(_other));
        Assert.Equal([3], Assert.Single(await reader.ReadHeadAsync(2, 10, Token)).Payload.ToArray());
        Assert.Empty(await reader.ReadHeadAsync(9, 10, Token));
        Assert.False(await Redis.Database.KeyExistsAsync($"{Redis.Prefix}att:{{9}}"));
        Assert.InRange(
            (await Redis.Database.KeyTimeToLiveAsync(QueueOf(_one)))!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task AFailureOfOnePartitionIsNoneOfTheOthers()
    {
        var (log, reader, settlement) = Create();
        await log.AppendAsync([new(2, Entries(1)), new(9, Entries(2))], Token);
        var (first, last) = (await reader.ReadHeadAsync(2, 2, Token), await reader.ReadHeadAsync(9, 2, Token));
        await Redis.Database.StringSetAsync($"{Redis.Prefix}in:{{5}}", "no stream");

        var (told, failures) = await settlement.SettleAsync(
            [new(_one, Entries(7)[0])], [new(2, first), new(5, first), new(9, last)], Token);

        Assert.Equal([QueueAppend.Appended], told);
        Assert.Equal((null, null), (failures[0], failures[2]));
        Assert.StartsWith("WRONGTYPE", failures[1]!.Message, StringComparison.Ordinal);
        Assert.Empty(await reader.ReadHeadAsync(2, 10, Token));
        Assert.Empty(await reader.ReadHeadAsync(9, 10, Token));
    }

    [Fact]
    public async Task WhatOneServerCannotBeToldIsNotDeletedAndTheOthersAreTold()
    {
        var (log, reader, settlement) = Create();
        await log.AppendAsync(2, Entries(1), Token);
        await Redis.Database.StringSetAsync(QueueOf(_one), "no stream");

        var (told, failures) = await settlement.SettleAsync(
            [new(_one, Entries(7)[0]), new(_other, Entries(8)[0])], [new(2, await reader.ReadHeadAsync(2, 2, Token))], Token);

        Assert.Empty(told);
        Assert.StartsWith("WRONGTYPE", Assert.Single(failures)!.Message, StringComparison.Ordinal);
        Assert.Equal([8], await ToldAsync(_other));
        Assert.Single(await reader.ReadHeadAsync(2, 10, Token));
    }

    [Fact]
    public async Task AFullQueueSaysSoAndScriptsForgottenByTheServerAreSentAgain()
    {
        var (_, _, settlement) = Create(new ServerQueueOptions { Limit = 100 });
        var results = new List<QueueAppend>();
        for (var i = 0; i < 101; i++)
        {
            if (i == 50)
                await Redis.Connection.GetServers()[0].ScriptFlushAsync();
            results.AddRange((await settlement.SettleAsync([new(_one, Entries(7)[0])], [], Token)).Told);
        }

        Assert.Equal(Enumerable.Repeat(QueueAppend.Appended, 100).Append(QueueAppend.Overflowed), results);
    }

    [Fact]
    public async Task CancelledCallerHasSentNothing()
    {
        var (log, reader, settlement) = Create();
        await log.AppendAsync(2, Entries(1), Token);
        PartitionHead head = new(2, await reader.ReadHeadAsync(2, 2, Token));
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => settlement.SettleAsync([new(_one, Entries(7)[0])], [head], new CancellationToken(canceled: true)));
        Assert.Single(await reader.ReadHeadAsync(2, 10, Token));
        Assert.False(await Redis.Database.KeyExistsAsync(QueueOf(_one)));
    }

    private (IntakeLog Log, IntakeReader Reader, Settlement Settlement) Create(ServerQueueOptions? queues = null)
    {
        var options = Options.Create(new IntakeOptions { KeyPrefix = Redis.Prefix });
        queues ??= new ServerQueueOptions();
        queues.KeyPrefix = Redis.Prefix;
        return (new(Redis.Connection, options), new(Redis.Connection, options), new(Redis.Connection, options, Options.Create(queues)));
    }

    private RedisKey QueueOf(Guid bootId) => $"{Redis.Prefix}srv:{{{bootId:N}}}";

    private async Task<byte[]> ToldAsync(Guid bootId) =>
        (byte[])Assert.Single(await Redis.Database.StreamRangeAsync(QueueOf(bootId)))["b"]!;

    private static ReadOnlyMemory<byte>[] Entries(params byte[] values) =>
        Array.ConvertAll(values, value => (ReadOnlyMemory<byte>)new[] { value });
}
