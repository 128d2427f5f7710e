using Chatable.Tests.Api;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>
/// PostgreSQL JIT-compiles a statement on each execution if its estimate is high. That takes a hundred times as long as running one of our
/// statements. Estimates are highest for tables without statistics, such as those of a new database, and never high for known small tables.
/// </summary>
public sealed class CompiledStatementsTests
{
    private const string Reconciling = "LEFT JOIN user_heads h ON h.user_id = ANY";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoStatementOfAConversationIsCompiled()
    {
        await using var postgres = new PostgresServer { MoreSettings = ["shared_preload_libraries=pg_stat_statements"] };
        await using var servers = new ChatServers(postgres);
        await servers.InitializeAsync();
        await Sql.ExecuteAsync(servers.ConnectionString, "CREATE EXTENSION pg_stat_statements", _ct);

        var (bob, bobs) = await servers.JoinV2Async(servers.A, _ct);
        var (alice, alices) = await servers.JoinV2Async(servers.B, _ct);
        await bobs.SendAndAckAsync("c1", alice, "1", _ct);
        await alices.ReceiveAsync("message", _ct);
        Assert.Equal(201, (await servers.Client.SayAsync(bob, alice, "2", _ct)).Status);
        await alices.ReceiveAsync("message", _ct);
        await Sql.ExecuteAsync(servers.ConnectionString, "UPDATE log_epoch SET timeline = '00000000'", _ct);
        Assert.Equal("2", (await bobs.ReceiveAsync("message", _ct)).Text("message"));
        await bobs.SendAsync("c3", alice, "3", _ct);
        await bobs.ReceiveAsync("epoch", _ct);
        await bobs.ReceiveAsync("ack", _ct);
        await using (var back = await V2Socket.ConnectAsync(servers.A, alice.Token, _ct))
        {
            await back.HelloAsync(since: 1, alices.Epoch, _ct);
            await back.ReceiveAsync("epoch", _ct);
            await back.ReceiveAsync("message", _ct);
        }

        await servers.Client.SyncAsync(alice, $"?since=1&epoch={alices.Epoch}", _ct);
        foreach (var path in (string[])[$"/api/thread/{bob.Username}", "/api/inbox", "/api/v2/conversations"])
            Assert.Equal(200, (await servers.Client.GetAsync(path, alice.Token, _ct)).Status);

        await Eventually.HoldsAsync(
            async () => (await CalledAsync($"strpos(query, '{Reconciling}') > 0")).Count > 0, "connections are compared with their heads", _ct);
        Assert.NotEmpty(await CalledAsync("strpos(query, 'RECURSIVE') > 0"));
        Assert.Empty(await CalledAsync("jit_functions > 0"));

        Task<IReadOnlyList<string>> CalledAsync(string which) =>
            Sql.QueryAsync<string>(servers.ConnectionString, $"SELECT query FROM pg_stat_statements WHERE {which}", _ct);
    }
}
