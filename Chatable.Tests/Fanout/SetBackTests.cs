using Chatable.FanoutWorker.Epochs;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

/// <summary>A PostgreSQL that is behind Redis, and the command that resolves it.</summary>
public sealed class SetBackTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    private const string Warning = "PostgreSQL is behind what Redis knows of 1 logs";

    private static readonly (string, string) s_often = ("Fanout__SetBackCheck", "00:00:00.100");

    [Fact]
    public async Task EveryWorkerSaysSoUntilAnEpochHasBegunWhosePushesHaveItsNumber()
    {
        var server = await World.AddServerAsync(Ben);
        var first = World.StartWorker("w1", s_often);
        await World.SendAsync(Entry(Ann, Ben), Entry(Ann, Ben));
        await World.WaitForAsync(async () => (await KnownAsync())?.Seq == 2);

        await ExecuteAsync(
            "DELETE FROM envelopes WHERE seq > 1; UPDATE user_heads SET last_seq = least(last_seq, 1); "
            + "DELETE FROM messages WHERE conversation_seq > 1; UPDATE conversations SET last_seq = 1");
        await World.WaitForAsync(() => Task.FromResult(first.Output.Contains(Warning, StringComparison.Ordinal)));
        var second = World.StartWorker("w2", s_often);
        await World.WaitForAsync(() => Task.FromResult(second.Output.Contains(Warning, StringComparison.Ordinal)));

        var command = await DlqProcess.RunAsync("new-epoch", [("ConnectionStrings__chatdb", World.Database.ConnectionString)], Token);
        Assert.Equal((0, ""), (command.ExitCode, command.Errors));
        await World.SendAsync(Entry(Ann, Ben));

        var log = await new EnvelopeStore(World.Database.Source).LogHeadAsync(Ben.Id, known: null, Token);
        Assert.Contains($"{log.Epoch} has begun.", command.Output, StringComparison.Ordinal);
        var told = await World.ReceiveAsync(server, 3);
        Assert.Equal([0, 0, log.EpochNumber], told.OfType<EntryStored>().Select(one => one.Epoch));
        await World.WaitForAsync(async () => await KnownAsync() == new KnownHead(log.EpochNumber, Ann.Id, 2));
    }

    [Fact]
    public async Task WithoutADatabaseTheCommandSaysWhatIsWrongAndNothingOfThePassword()
    {
        Assert.Equal(2, (await DlqProcess.RunAsync("new-epoch", [("ConnectionStrings__chatdb", "")], Token)).ExitCode);
        Assert.Equal(2, (await DlqProcess.RunAsync("new-epoch now", [], Token)).ExitCode);
        Assert.Equal(0, (await DlqProcess.RunAsync("new-epoch help", [], Token)).ExitCode);

        var away = await DlqProcess.RunAsync(
            "new-epoch",
            [("ConnectionStrings__chatdb", $"Host=127.0.0.1;Port={ServerProcess.FreePort()};Username=u;Password=hunter2;Database=chat")], Token);
        Assert.Equal(1, away.ExitCode);
        Assert.StartsWith("PostgreSQL cannot be reached", away.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", away.Output + away.Errors, StringComparison.Ordinal);
    }

    private async Task<KnownHead?> KnownAsync()
    {
        var values = await World.Redis.Database.HashValuesAsync(KnownHeads.KeyOf(World.Redis.Prefix));
        return values is [var one] ? KnownHead.Parse(one.ToString()) : null;
    }
}
