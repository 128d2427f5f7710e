using Chatable.Tests.Fanout;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class SecrecyTests(PostgresServer postgres, RedisServer redis)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NoTokenPasswordOrSecretReachesALogASpanOrAMetric()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        using var api = await ApiProcess.StartAsync(
            await postgres.CreateMigratedDatabaseAsync(Cancellation), redis.ConnectionString, Cancellation,
            collector.Settings);
        using var client = new ChatClient(api.Address);
        var user = await client.RegisterAsync(Cancellation);
        var jwt = user.Token.ToJwt();
        await client.LogInAsync(user.Username, user.Password, Cancellation);
        await client.PostAsync("/api/auth_token", new() { ["username"] = user.Username, ["password"] = "wrong-password" }, Cancellation);
        await client.GetAsync("/api/inbox", user.Token, Cancellation);
        await RawHttp.SendAsync(api.Address, $"GET /api/ws?access_token={jwt}", [], Cancellation);
        await RawHttp.SendAsync(api.Address, $"GET /api/ws?access_token={jwt}x", [], Cancellation);
        await client.PostAsync("/api/auth_token/refresh", new() { ["refresh_token"] = user.Token.RefreshToken }, Cancellation);
        await collector.ReceivedAsync("/api/auth_token/refresh");

        var everything = collector.Text + api.Output;
        Assert.Contains("/api/ws", everything, StringComparison.Ordinal);
        foreach (var secret in (string[])
            [jwt, jwt.Split('.')[2], user.Password, "wrong-password", user.Token.SecretAccessKey, user.Token.RefreshToken])
        {
            Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task NoMessageReachesALogASpanOrAMetric()
    {
        const string Text = "meet-me-under-the-clock";
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        var database = await postgres.CreateMigratedDatabaseAsync(Cancellation);
        (string, string)[] settings = [.. collector.Settings, ("Logging__LogLevel__Default", "Debug")];
        await using var worker = WorkerProcess.Start("w1", database, redis.ConnectionString, "secrecy:", settings);
        using var api = await ApiProcess.StartAsync(
            database, redis.ConnectionString, Cancellation, [.. settings, ("Chatable__KeyPrefix", "secrecy:")]);
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(Cancellation), await client.RegisterAsync(Cancellation));
        await using var bobs = await ChatSocket.ConnectAsync(api.Address, bob.Token, Cancellation);
        await using var alices = await ChatSocket.ConnectAsync(api.Address, alice.Token, Cancellation);
        await bobs.SendAsync(ChatSocket.Frame(null, "Nobody", Text), Cancellation);
        await bobs.SendAsync(alice, Text, Cancellation);
        Assert.Equal(Text, (await alices.ReceiveAsync(Cancellation)).Text("message"));
        Assert.Contains(Text, (await client.GetAsync("/api/inbox", alice.Token, Cancellation)).Data.GetRawText(), StringComparison.Ordinal);
        foreach (var span in (string[])["chatable.accept", "chatable.commit", "chatable.push"])
            await collector.ReceivedAsync(span);

        Assert.DoesNotContain(Text, collector.Text + api.Output + worker.Output, StringComparison.Ordinal);
    }
}
