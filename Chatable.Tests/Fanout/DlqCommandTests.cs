using System.Text.Json.Nodes;
using Chatable.Messaging.Wire;
using Chatable.Tests.Stores;
using Chatable.Tests.Support;
using StackExchange.Redis;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Fanout;

public sealed class DlqCommandTests(PostgresServer postgres, RedisServer redis) : IAsyncLifetime
{
    private FanoutWorld _world = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _world = await FanoutWorld.CreateAsync(postgres, redis);
        (_ann, _ben) = await _world.Database.AddUsersAsync(2) is [var ann, var ben] ? (ann, ben) : default;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task LettersAreListedAndShownWithoutTheirText()
    {
        var entry = Entry(_ann, new UserRow(987_654_321, "nobody"), "lost-1", body: "the secret text");
        var letter = Assert.Single(await PutAsideAsync(entry));

        var list = await _world.DlqAsync("list");
        Assert.Equal((0, ""), (list.ExitCode, list.Errors));
        Assert.Matches($@"{_world.PartitionOf(entry)} +{letter.Id} .* unknown_user +1 +{_ann.Name} +nobody +\d+", list.Output);
        Assert.EndsWith("1 dead letter.\n", list.Output, StringComparison.Ordinal);

        var show = await _world.DlqAsync($"show {_world.PartitionOf(entry)} {letter.Id} --json");
        var shown = JsonNode.Parse(show.Output)!;
        Assert.Equal(
            (entry.MessageId.ToString(), "lost-1", 987_654_321L, 15),
            ((string?)shown["message_id"], (string?)shown["client_id"], (long)shown["recipient_id"]!, (int)shown["text_bytes"]!));
        Assert.DoesNotContain("secret", list.Output + show.Output + (await _world.DlqAsync("list --json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplayedLetterIsStoredOnceItsCauseIsGoneAndComesBackWithItsAttemptsWhileItIsNot()
    {
        await ExecuteAsync(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION SQLSTATE '22023'; END $$");
        await ExecuteAsync(
            "CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (new.body = 'bad') EXECUTE FUNCTION refuse()");
        var entry = Entry(_ann, _ben, "mended", body: "bad");
        var partition = _world.PartitionOf(entry);
        var first = Assert.Single(await PutAsideAsync(entry));

        Assert.Equal(0, (await _world.DlqAsync($"replay {partition} {first.Id}")).ExitCode);
        await _world.WaitForAsync(async () => await _world.DeadLettersAsync(partition) is [var back] && back.Id != first.Id);
        var second = Assert.Single(await _world.DeadLettersAsync(partition));
        Assert.Equal(("22023", "2"), (second["error"].ToString(), second["attempts"].ToString()));

        await ExecuteAsync("DROP TRIGGER refuse ON messages");
        var replay = await _world.DlqAsync("replay --all");
        Assert.Equal((0, $"{partition}  {second.Id}  replayed\n"), (replay.ExitCode, replay.Output));
        await _world.WaitForAsync(async () => await _world.Database.CountMessagesAsync() == 1);
        Assert.Empty(await _world.DeadLettersAsync(partition));
        Assert.Equal("No dead letters.\n", (await _world.DlqAsync("list")).Output);
        await MessagesInvariants.AssertAsync(_world.Database);
    }

    [Fact]
    public async Task UndecodableLetterSaysSoAndOnlyDiscardingRemovesIt()
    {
        await _world.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        _world.StartWorker("w1");
        await _world.WaitForAsync(async () => (await _world.DeadLettersAsync(3)).Length == 1);
        var id = (await _world.DeadLettersAsync(3))[0].Id;

        var replay = await _world.DlqAsync($"replay 3 {id}");
        Assert.Equal(1, replay.ExitCode);
        Assert.Contains("undecodable", replay.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await _world.DlqAsync("replay --all --partition 3")).ExitCode);
        Assert.Equal(id, Assert.Single(await _world.DeadLettersAsync(3)).Id);

        Assert.Equal(0, (await _world.DlqAsync($"discard 3 {id}")).ExitCode);
        Assert.Empty(await _world.DeadLettersAsync(3));
        var again = await _world.DlqAsync($"discard 3 {id}");
        Assert.Equal((1, $"Partition 3 has no dead letter {id}.\n"), (again.ExitCode, again.Errors));
    }

    [Fact]
    public async Task WorkerSaysAtItsStartThatLettersWait()
    {
        await _world.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        var first = _world.StartWorker("w1", ("Fanout__DeadLetterCheck", "00:00:00.100"));
        await WaitForLineAsync(first, "Dead letters in partition 3: 1.");
        await _world.Log.AppendAsync(3, [new byte[] { 1, 2, 3 }], Token);
        await WaitForLineAsync(first, "Dead letters in partition 3: 2.");
        first.Kill();

        await WaitForLineAsync(
            _world.StartWorker("w2", ("Fanout__DeadLetterCheck", "00:00:00.100")), "Dead letters in partition 3: 2.");
    }

    [Theory]
    [InlineData("burn 3 1-0", "There is no command 'burn'.")]
    [InlineData("show 3", "show needs a partition and an id, as 'dlq list' shows them.")]
    [InlineData("replay 3 one", "'one' is no id; one looks like 1764000000000-0.")]
    [InlineData("list --limit 0", "--limit needs a whole number from 1.")]
    [InlineData("discard --all", "--all is for replay.")]
    [InlineData("list --bogus", "There is no option '--bogus'.")]
    public async Task WrongUsageIsToldInOneSentenceWithTheHelp(string command, string sentence)
    {
        var wrong = await _world.DlqAsync(command);
        Assert.Equal((2, ""), (wrong.ExitCode, wrong.Output));
        Assert.StartsWith(sentence, wrong.Errors, StringComparison.Ordinal);
        Assert.Contains("dlq discard <partition> <id>", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutRedisTheCommandFailsWithOneSentenceThatHoldsNoPassword()
    {
        var away = await DlqProcess.RunAsync(
            $"127.0.0.1:{ServerProcess.FreePort()},password=hunter2,connectTimeout=500", "", "list", Token);
        Assert.Equal((1, ""), (away.ExitCode, away.Output));
        Assert.Equal("Redis cannot be reached: see that ConnectionStrings__redis names one that runs.\n", away.Errors);
        Assert.Equal(2, (await DlqProcess.RunAsync("", "", "list", Token)).ExitCode);
        Assert.Equal(0, (await DlqProcess.RunAsync("", "", "help", Token)).ExitCode);
    }

    private async Task<StreamEntry[]> PutAsideAsync(IntakeEntry entry)
    {
        await _world.SendAsync(entry);
        _world.StartWorker("w1");
        await _world.WaitForAsync(async () => (await _world.DeadLettersAsync(_world.PartitionOf(entry))).Length > 0);
        return await _world.DeadLettersAsync(_world.PartitionOf(entry));
    }

    private Task WaitForLineAsync(WorkerProcess worker, string line) =>
        _world.WaitForAsync(() => Task.FromResult(worker.Output.Contains(line, StringComparison.Ordinal)));

    private async Task ExecuteAsync(string sql) => await Sql.ExecuteAsync(_world.Database.ConnectionString, sql, Token);
}
