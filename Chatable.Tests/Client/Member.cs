using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>A user with a connection, whose application keeps the messages it receives.</summary>
internal sealed class Member : IAsyncDisposable
{
    private readonly ConcurrentQueue<ChatMessage> _taken = [];
    private Task _taking = Task.CompletedTask;

    private Member(string name, ChatableClient client, ChatConnection connection)
    {
        Name = name;
        Client = client;
        Connection = connection;
    }

    public string Name { get; }

    public ChatableClient Client { get; }

    public ChatConnection Connection { get; }

    public IEnumerable<string> Texts => _taken.Select(message => message.Text);

    public static Task<Member> StartAsync(
        string name, ChatToken token, IChatStore store, IEnumerable<Uri> servers, CancellationToken cancellationToken) =>
        StartAsync(name, new ChatCredentials(token), store, servers, cancellationToken);

    public static async Task<Member> StartAsync(
        string name, ChatCredentials credentials, IChatStore store, IEnumerable<Uri> servers, CancellationToken cancellationToken)
    {
        var options = new ChatableClientOptions();
        foreach (var server in servers)
            options.Urls.Add(server);
        return await StartAsync(name, new ChatableClient(options), credentials, store, cancellationToken);
    }

    /// <param name="name">The username.</param>
    /// <param name="client">The client, which the member owns.</param>
    /// <param name="credentials">The user's credentials.</param>
    /// <param name="store">The device's store.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<Member> StartAsync(
        string name, ChatableClient client, ChatCredentials credentials, IChatStore store, CancellationToken cancellationToken)
    {
        var member = new Member(name, client, client.CreateConnection(credentials, store));
        await member.Connection.StartAsync(cancellationToken);
        member._taking = member.TakeAsync();
        return member;
    }

    public Task<SentMessage> SendAsync(Member recipient, string text, CancellationToken cancellationToken) =>
        Connection.SendAsync(recipient.Name, text, cancellationToken: cancellationToken);

    /// <summary>Waits until it is online and has a cursor.</summary>
    public Task OnlineAsync(CancellationToken cancellationToken) => Eventually.HoldsAsync(
        () => Task.FromResult(Connection.Status.State == ChatState.Online && Connection.Cursor is not null), "the connection is online",
        cancellationToken);

    public Task HasAsync(int count, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        () => Task.FromResult(_taken.Count >= count), $"{Name} has {count} messages", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await _taking;
        Client.Dispose();
    }

    private async Task TakeAsync()
    {
        try
        {
            await foreach (var message in Connection.ReceiveAsync())
                _taken.Enqueue(message);
        }
        catch (Exception exception) when (exception is ChatStoppedException or TimeoutException)
        {
            // Tests check the connection's status. Their stores throw TimeoutException.
        }
    }
}
