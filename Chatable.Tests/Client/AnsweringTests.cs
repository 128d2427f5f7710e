using Chatable.Client;

namespace Chatable.Tests.Client;

/// <summary>An application that answers each message and waits for the acknowledgement before it takes the next one.</summary>
public sealed class AnsweringTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private const int Messages = 20;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ItDoesSoThoughMoreWaitsThanItsInboxHolds(int capacity)
    {
        await using var bob = await servers.StartMemberAsync(_ct, servers.A);
        var (name, token) = await servers.RegisterAsync(_ct);
        for (var i = 1; i <= Messages; i++)
            await bob.Connection.SendAsync(name, $"{i}", cancellationToken: _ct);

        var options = new ChatableClientOptions { Url = servers.B, Connection = { InboxCapacity = capacity, SendBurst = 100 } };
        using var client = new ChatableClient(options);
        var store = new InMemoryChatStore();
        await using var connection = client.CreateConnection(new ChatCredentials(token), store);
        await connection.StartAsync(_ct);
        var taken = new List<string>();
        var answering = AnswerAsync();

        await bob.HasAsync(Messages, _ct);
        await answering.WaitAsync(TimeSpan.FromSeconds(30), _ct);

        Assert.Equal(Enumerable.Range(1, Messages).Select(i => $"{i}"), taken);
        Assert.Equal(Enumerable.Range(1, Messages).Select(i => $"{i}, too"), bob.Texts);
        Assert.Equal(ChatState.Online, connection.Status.State);
        await bob.Connection.SendAsync(name, "the end", cancellationToken: _ct);
        await foreach (var message in connection.ReceiveAsync(_ct))
        {
            Assert.Equal("the end", message.Text);
            break;
        }

        var content = await store.LoadAsync(_ct);
        Assert.Equal((2 * Messages + 1, 0, 0), ((int)content.Cursor!.Value.Seq, content.Outbox.Count, content.SettledAhead.Count));

        async Task AnswerAsync()
        {
            await foreach (var message in connection.ReceiveAsync(_ct))
            {
                await connection.SendAsync(bob.Name, $"{message.Text}, too", cancellationToken: _ct);
                taken.Add(message.Text);
                if (taken.Count == Messages)
                    return;
            }
        }
    }
}
