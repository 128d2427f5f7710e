using System.Diagnostics;
using Chatable.Client;
using Chatable.Client.Connections;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

public sealed class DeathTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private const int Messages = 40;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatAKilledServerWasGivenAndWhatWaitedIsStoredOnceThroughAnother()
    {
        using var dying = await servers.StartApiAsync(_ct);
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);
        var known = new[] { dying.Address };
        var found = new ServerAddresses(_ => ValueTask.FromResult<IReadOnlyList<Uri>>(Volatile.Read(ref known)));
        await using var alice = await StartAsync(found);
        await alice.OnlineAsync(_ct);

        Task<SentMessage>[] sending;
        using (await servers.PauseWorkerAsync(_ct))
        {
            sending = Enumerable.Range(1, Messages).Select(i => alice.SendAsync(bob, $"{i}", _ct)).ToArray();
            await Eventually.HoldsAsync(
                async () => alice.Connection.Unacknowledged == Messages && await IntakeAsync() > 0,
                "some messages are in the intake and none is acked",
                _ct);
            Volatile.Write(ref known, [dying.Address, servers.A]);
            using (var process = Process.GetProcessById(dying.ProcessId))
                process.Kill();
        }

        var sent = await Task.WhenAll(sending);
        await alice.SendAsync(bob, "the end", _ct);
        await bob.HasAsync(Messages + 1, _ct);

        Assert.Equal(Enumerable.Range(1, Messages).Select(i => (long)i), sent.Select(one => one.ConversationSeq));
        Assert.Equal([.. Enumerable.Range(1, Messages).Select(i => $"{i}"), "the end"], bob.Texts);
        Assert.Equal(0, alice.Connection.Unacknowledged);
    }

    private async Task<Member> StartAsync(ServerAddresses found)
    {
        var (name, token) = await servers.RegisterAsync(_ct);
        var client = new ChatableClient(found, new ConnectionOptions(), http: null, loggers: null, clock: null);
        return await Member.StartAsync(name, client, new ChatCredentials(token), new InMemoryChatStore(), _ct);
    }

    private async Task<long> IntakeAsync()
    {
        var lengths = Enumerable.Range(0, 16).Select(i => servers.Redis.GetDatabase().StreamLengthAsync($"in:{{{i}}}"));
        return (await Task.WhenAll(lengths)).Sum();
    }
}
