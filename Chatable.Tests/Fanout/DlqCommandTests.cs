using System.Text.Json.Nodes;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

public sealed class DlqCommandTests(PostgresServer postgres, RedisServer redis) : FanoutTest(postgres, redis)
{
    [Fact]
    public async Task LettersAreListedAndShownWithoutTheirText()
    {
        var entry = Entry(Ann, new UserRow(987_654_321, "nobody"), "lost-1", body: "the secret text");
        var letter = Assert.Single(await PutAsideAsync(entry));

        var list = await World.DlqAsync("list");
        Assert.Equal((0, ""), (list.ExitCode, list.Errors));
        Assert.Matches($@"{World.PartitionOf(entry)} +{letter.Id} .* unknown_user +1 +{Ann.Name} +nobody +\d+", list.Output);
        Assert.EndsWith("1 dead letter.\n", list.Output, StringComparison.Ordinal);

        var show = await World.DlqAsync($"show {World.PartitionOf(entry)} {letter.Id} --json");
        var shown = JsonNode.Parse(show.Output)!;
        Assert.Equal(
            (entry.MessageId.ToString(), "lost-1", 987_654_321L, 15),
            ((string?)shown["message_id"], (string?)shown["client_id"], (long)shown["recipient_id"]!, (int)shown["text_bytes"]!));
        Assert.DoesNotContain("secret", list.Output + show.Output + (await World.DlqAsync("list --json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplayedLetterIsStoredOnceItsCauseIsGoneAndComesBackWithItsAttemptsWhileItIsNot()
    {
        await ExecuteAsync(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION SQLSTATE '22021'; END $$");
        await ExecuteAsync(
            "CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (new.body = 'bad') EXECUTE FUNCTION refuse()");
        var entry = Entry(Ann, Ben, "mended", body: "bad");
        var partition = World.PartitionOf(entry);
        var first = Assert.Single(await PutAsideAsync(entry));

        Assert.Equal(0, (await World.DlqAsync($"replay {partition} {first.Id}")).ExitCode);
        await World.WaitForAsync(async () => await World.DeadLettersAsync(partition) is [var back] && back.Id != first.Id);
        var second = Assert.Single(await World.DeadLettersAsync(partition));
        Assert.Equal(("22021", "2"), (second["error"].ToString(), second["attempts"].ToString()));

        await ExecuteAsync("DROP TRIGGER refuse ON messages");
        var replay = await World.DlqAsync("replay --all");
        Assert.Equal((0, $"{partition}  {second.Id}  replayed\n"), (replay.ExitCode, replay.Output));
        await World.WaitForAsync(async () => await World.Database.CountMessagesAsync() == 1);
        Assert.Empty(await World.DeadLettersAsync(partition));
        Assert.Equal("No dead letters.\n", (await World.DlqAsync("list")).Output);
        await MessagesInvariants.AssertAsync(World.Database);
    }

    [Fact]
    public async Task UndecodableLetterSaysSoAndOnlyDiscardingRemovesIt()
    {
        await World.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        World.StartWorker("w1");
        await World.WaitForAsync(async () => (await World.DeadLettersAsync(3)).Length == 1);
        var id = (await World.DeadLettersAsync(3))[0].Id;

        var replay = await World.DlqAsync($"replay 3 {id}");
        Assert.Equal(1, replay.ExitCode);
        Assert.Contains("undecodable", replay.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await World.DlqAsync("replay --all --partition 3")).ExitCode);
        Assert.Equal(id, Assert.Single(await World.DeadLettersAsync(3)).Id);

        Assert.Equal(0, (await World.DlqAsync($"discard 3 {id}")).ExitCode);
        Assert.Empty(await World.DeadLettersAsync(3));
        var again = await World.DlqAsync($"discard 3 {id}");
        Assert.Equal((1, $"Partition 3 has no dead letter {id}.\n"), (again.ExitCode, again.Errors));
    }

    [Fact]
    public async Task WorkerSaysAtItsStartThatLettersWait()
    {
        await World.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        var first = World.StartWorker("w1", ("Fanout__DeadLetterCheck", "00:00:00.100"));
        await WaitForLineAsync(first, "Dead letters in partition 3: 1.");
        await World.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        await WaitForLineAsync(first, "Dead letters in partition 3: 2.");
        first.Kill();

        await WaitForLineAsync(
            World.StartWorker("w2", ("Fanout__DeadLetterCheck", "00:00:00.100")), "Dead letters in partition 3: 2.");
    }

    [Theory]
    [InlineData("burn 3 1-0", "'burn'")]
    [InlineData("show 3", "show needs a partition and an id, as 'dlq list' shows them.")]
    [InlineData("discard", "discard needs a partition and an id, as 'dlq list' shows them.")]
    [InlineData("show -1 1-0", "A partition is a whole number from 0.")]
    [InlineData("replay", "replay needs a partition and an id, as 'dlq list' shows them, or --all.")]
    [InlineData("--partition 3 discard 5 1-0", "'--partition'")]
    [InlineData("replay 3 1-0 --all", "--all is for all letters: leave the partition and the id out.")]
    [InlineData("replay 3 one", "'one' is not an id; an id looks like 1764000000000-0.")]
    [InlineData("list --limit 0", "--limit needs a whole number from 1.")]
    [InlineData("list --partition three", "--partition needs a whole number from 0.")]
    [InlineData("discard --all", "discard needs a partition and an id, as 'dlq list' shows them.")]
    [InlineData("list --bogus", "'--bogus'")]
    public async Task WrongUsageIsToldWithTheWayToTheHelp(string command, string words)
    {
        var wrong = await World.DlqAsync(command);
        Assert.Equal((2, ""), (wrong.ExitCode, wrong.Output));
        Assert.Contains(words, wrong.Errors, StringComparison.Ordinal);
        Assert.EndsWith("See 'dlq --help'.\n", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelpNamesEachCommand()
    {
        var help = await World.DlqAsync("--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        Assert.All((string[])["list", "show", "replay", "discard", "--json"], words => Assert.Contains(words, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutRedisTheCommandFailsWithOneSentenceThatHoldsNoPassword()
    {
        var away = await DlqProcess.RunAsync(
            $"127.0.0.1:{ServerProcess.FreePort()},password=hunter2,connectTimeout=500", "", "list", Token);
        Assert.Equal((1, ""), (away.ExitCode, away.Output));
        Assert.Equal("Redis cannot be reached: check that ConnectionStrings__redis names a running Redis.\n", away.Errors);
        Assert.Equal(2, (await DlqProcess.RunAsync("", "", "list", Token)).ExitCode);
        Assert.Equal(0, (await DlqProcess.RunAsync("", "", "help", Token)).ExitCode);
    }

    private async Task<StreamEntry[]> PutAsideAsync(IntakeEntry entry)
    {
        await World.SendAsync(entry);
        World.StartWorker("w1");
        await World.WaitForAsync(async () => (await World.DeadLettersAsync(World.PartitionOf(entry))).Length > 0);
        return await World.DeadLettersAsync(World.PartitionOf(entry));
    }

    private Task WaitForLineAsync(WorkerProcess worker, string line) =>
        World.WaitForAsync(() => Task.FromResult(worker.Output.Contains(line, StringComparison.Ordinal)));
}
