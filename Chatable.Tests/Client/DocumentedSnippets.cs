using Chatable.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>The code from docs/client.md, word for word, to prove that it compiles.</summary>
internal static class DocumentedSnippets
{
    public static void Register(HostApplicationBuilder builder)
    {
        builder.Services.AddChatableClient("chat", options => options.Connection.Device = "support bot");
    }

    /// <param name="server">One of the servers.</param>
    /// <param name="alice">A new user's registration.</param>
    /// <param name="bob">The recipient's username.</param>
    /// <param name="file">The device's store.</param>
    /// <param name="save">Saves a token.</param>
    /// <param name="show">Shows a line.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task TalkAsync(
        Uri server, ChatRegistration alice, string bob, string file, Func<ChatToken, CancellationToken, ValueTask> save,
        Action<string> show, CancellationToken stop)
    {
        using var client = new ChatableClient(new ChatableClientOptions { Url = server });
        var token = await client.Accounts.RegisterAsync(alice, stop); // the next time: LoginAsync, or the token that was saved
        await save(token, stop);
        var credentials = new ChatCredentials(token) { Refreshed = save };

        await using var store = new FileChatStore(file);
        store.Damaged += damage => show($"{damage}"); // which holds no text of a message
        await using var connection = client.CreateConnection(credentials, store, LoadAsync);
        await connection.StartAsync(stop);

        var sent = await connection.SendAsync(bob, "hello", cancellationToken: stop); // returns when it is committed
        show($"#{sent.ConversationSeq} hello");
        await foreach (var message in connection.ReceiveAsync(stop))
        {
            show($"#{message.ConversationSeq} {message.Author}: {message.Text}");
            if (message.Text == "bye")
                break;
        }

        async ValueTask LoadAsync(ChatReset reset, CancellationToken cancellationToken)
        {
            var history = client.History(credentials);
            await foreach (var conversation in history.ConversationsAsync(cancellationToken))
            {
                await foreach (var message in history.MessagesAsync(conversation.Id, after: 0, cancellationToken))
                    show($"#{message.ConversationSeq} {message.Author}: {message.Text}");
            }
        }
    }
}
