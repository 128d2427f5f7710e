using System.Globalization;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

/// <summary>Partitions that are emptied together, and what becomes of the others where one of them is in trouble.</summary>
public sealed class LaneTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    [Fact]
    public async Task ALockedUserDelaysNoPartitionButHisOwn()
    {
        var others = await World.Database.AddUsersAsync(40);
        var locked = Entry(Ann, Ben, "locked");
        await using var connection = await World.Database.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using var hold = new NpgsqlCommand($"SELECT 1 FROM user_heads WHERE user_id = {Ann.Id} FOR UPDATE", connection);
        await hold.ExecuteNonQueryAsync(Token);

        await World.SendAsync(locked);
        var free = others.Chunk(2).Where(pair => World.PartitionOf(Entry(pair[0], pair[1])) != World.PartitionOf(locked)).ToArray();
        await World.SendAsync([.. free.Select(pair => Entry(pair[0], pair[1]))]);
        World.StartWorker("w1", ("Fanout__Lanes", "1"));
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == free.Length);
        await World.SendAsync([.. free.Select(pair => Entry(pair[1], pair[0]))]);
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 2 * free.Length);
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 1);
        Assert.Equal(2 * free.Length, await World.Database.CountMessagesAsync());

        await transaction.RollbackAsync(Token);
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        Assert.Equal((2 * free.Length) + 1, await World.Database.CountMessagesAsync());
    }

    [Fact]
    public async Task APartitionThatCannotBeReadHoldsUpNoOther()
    {
        var (first, second) = (Entry(Ann, Ben), Entry(Ann, Ann));
        Assert.NotEqual(World.PartitionOf(first), World.PartitionOf(second));
        RedisKey unreadable = $"{World.Redis.Prefix}in:{{{World.PartitionOf(first)}}}";
        await World.Redis.Database.StringSetAsync(unreadable, "no stream");
        await World.SendAsync(second);
        World.StartWorker("w1", ("Fanout__Lanes", "1"));
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 1);

        await World.Redis.Database.KeyDeleteAsync(unreadable);
        await World.SendAsync(first, Entry(Ann, Ann));
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 3);
    }

    [Fact]
    public async Task APartitionThatCannotBeEmptiedHoldsUpNoOtherAndRepeatsNothing()
    {
        var (first, second) = (Entry(Ann, Ben), Entry(Ann, Ann));
        Assert.NotEqual(World.PartitionOf(first), World.PartitionOf(second));
        var login = ConfigurationOptions.Parse(World.Redis.Connection.Configuration);
        (login.User, login.Password) = (World.Redis.Prefix, "secret");
        var onlySecond = $"(+xtrim ~{World.Redis.Prefix}in:{{{World.PartitionOf(second)}}})";
        await World.Redis.Database.ExecuteAsync(
            "ACL", "SETUSER", login.User, "on", $">{login.Password}", "~*", "&*", "+@all", "-xtrim", onlySecond);
        await World.SendAsync(first, second);
        World.StartWorker("w1", ("Fanout__Lanes", "1"), ("ConnectionStrings__redis", login.ToString(includePassword: true)));
        await World.WaitForAsync(() => IsDeniedAsync(login.User));
        await World.SendAsync(Entry(Ann, Ann));
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 3);
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 1);

        await World.Redis.Database.ExecuteAsync("ACL", "SETUSER", login.User, "+xtrim");
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
        Assert.Equal(3, await World.Database.CountMessagesAsync());
        await World.Redis.Database.ExecuteAsync("ACL", "DELUSER", login.User);
    }

    /// <summary>Whether Redis has refused this user anything.</summary>
    private async Task<bool> IsDeniedAsync(string user)
    {
        var refusals = (RedisResult[])(await World.Redis.Database.ExecuteAsync("ACL", "LOG"))!;
        return refusals.Any(refusal => ((RedisResult[])refusal!).Any(field => field.Resp2Type is not ResultType.Array && (string?)field == user));
    }

    [Fact]
    public async Task PartitionsShareTheirTransactions()
    {
        var users = await World.Database.AddUsersAsync(80);
        await World.SendAsync([.. users.Chunk(2).Select(pair => Entry(pair[0], pair[1]))]);
        World.StartWorker("w1");

        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 40);
        var transactions = await World.Database.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM messages");
        var partitions = users.Chunk(2).Select(pair => World.PartitionOf(Entry(pair[0], pair[1]))).Distinct().Count();
        Assert.InRange(transactions, 1, partitions - 1);
    }

    [Fact]
    public async Task ALargeBatchIsStoredInSeveralTransactionsAndTheRestOfItWhereOneFails()
    {
        var users = await World.Database.AddUsersAsync(80);
        var entries = users.Chunk(2).Select(pair => Entry(pair[0], pair[1])).ToArray();
        var refused = World.PartitionOf(entries[0]);
        await using var connection = await World.Database.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using var hold = new NpgsqlCommand($"SELECT 1 FROM user_heads WHERE user_id = {users[0].Id} FOR UPDATE", connection);
        await hold.ExecuteNonQueryAsync(Token);
        await World.SendAsync(entries);
        var worker = World.StartWorker("w1", ("Fanout__Transactions", "4"), ("Fanout__LeastTransactionSize", "5"));

        var free = entries.Count(entry => World.PartitionOf(entry) != refused);
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == free);
        var failed = Regex.Match(worker.Output, "A batch of ([0-9]+) partitions failed").Groups[1].Value;
        Assert.InRange(int.Parse(failed, CultureInfo.InvariantCulture), 1, entries.Select(World.PartitionOf).Distinct().Count() / 2);
        await transaction.RollbackAsync(Token);
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == entries.Length);
        await World.WaitForAsync(async () => await World.IntakeLengthAsync() == 0);
    }
}
