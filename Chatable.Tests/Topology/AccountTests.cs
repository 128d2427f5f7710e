using Chatable.Tests.Support;

namespace Chatable.Tests.Topology;

public sealed class AccountTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwelveSimultaneousRegistrationsOfOneNameGiveOneAccount()
    {
        var api = (await fixture.StartedAsync()).Api;
        var name = ChatClient.NewName();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            using var client = new ChatClient(api);
            var form = ChatClient.RegistrationOf(name);
            form["username"] = i % 2 == 0 ? name : name.ToUpperInvariant();
            form["email"] = $"{i}.{name}@example.com";
            return await client.PostAsync("/api/register", form, Cancelled);
        }));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(
            answers.Where(answer => answer.Status != 200),
            answer => Assert.Equal("Some fileds are not unique", answer.ErrorOf("error")));
    }

    [Fact]
    public async Task ConcurrentLoginsOf64UsersAllSucceed()
    {
        var api = (await fixture.StartedAsync()).Api;
        var people = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Member.RegisterAsync(api, Cancelled)));

        var inboxes = await Task.WhenAll(people.Select(async person =>
        {
            var again = await person.LogInAgainAsync(Cancelled);
            return await again.InboxAsync(Cancelled);
        }));

        Assert.All(inboxes, Assert.Empty);
    }

    [Fact]
    public async Task EndingATokenEndsItOnEveryReplicaAndClosesItsSockets()
    {
        var bob = await Member.RegisterAsync((await fixture.StartedAsync()).Api, Cancelled);
        await using var first = await bob.ConnectAsync(Cancelled);
        await using var second = await bob.ConnectElsewhereAsync([first.Server], Cancelled);
        await using var third = await bob.ConnectElsewhereAsync([first.Server, second.Server], Cancelled);

        await bob.LogOutAsync(Cancelled);

        foreach (var socket in new[] { first, second, third })
            Assert.Equal(4401, await socket.WaitForCloseAsync(Cancelled));

        // Each replica had just cached the key; the closed sockets show that it has received the revocation.
        var servers = new HashSet<string>();
        await Eventually.HoldsAsync(
            async () =>
            {
                var answer = await bob.GetAsync("/api/inbox", Cancelled);
                Assert.Equal(401, answer.Status);
                servers.Add(answer.Headers.GetValues("X-Chatable-Server").Single());
                return servers.Count == 3;
            },
            "all three replicas have answered", Cancelled);
    }
}
