using System.Globalization;
using Chatable.Client;
using static System.Console;

namespace Chat.Console;

/// <summary>Reads lines and sends them, prints what comes.</summary>
internal static class Chatting
{
    public static async Task<int> RunAsync(ConsoleArguments arguments, CancellationToken stop)
    {
        using var client = new ChatableClient(new ChatableClientOptions { Url = arguments.Server });
        Directory.CreateDirectory(arguments.Folder);
        var file = new TokenFile(Path.Combine(arguments.Folder, $"{arguments.User}.token"));
        try
        {
            var token = file.Read() ?? await EnterAsync(client.Accounts, arguments, stop);
            file.Write(token);
            var credentials = new ChatCredentials(token)
            {
                Refreshed = (fresh, _) =>
                {
                    file.Write(fresh);
                    return ValueTask.CompletedTask;
                },
            };
            await using var store = new FileChatStore(Path.Combine(arguments.Folder, $"{arguments.User}.journal"));
            await using var connection = client.CreateConnection(credentials, store);
            await ChatAsync(connection, stop);
            return 0;
        }
        catch (Exception e) when (e is ChatApiException or ChatStoppedException or HttpRequestException or IOException)
        {
            Error.WriteLine(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    // A name that nobody has yet is registered.
    private static async Task<ChatToken> EnterAsync(ChatAccounts accounts, ConsoleArguments arguments, CancellationToken stop)
    {
        try
        {
            return await accounts.LoginAsync(arguments.User, arguments.Password, stop);
        }
        catch (ChatApiException refused) when (refused.Status == 401)
        {
            var phone = Random.Shared.NextInt64(1_000_000_000_000, 9_999_999_999_999).ToString(CultureInfo.InvariantCulture);
            return await accounts.RegisterAsync(
                new ChatRegistration(arguments.User, arguments.Password, $"{arguments.User}@example.com", phone, arguments.User, "-"),
                stop);
        }
    }

    private static async Task ChatAsync(ChatConnection connection, CancellationToken stop)
    {
        connection.StatusChanged += status => WriteLine($"* {status.State}{(status.CloseCode is { } code ? $" ({code})" : "")}");
        connection.Sent += sent => WriteLine($"✓ #{sent.ConversationSeq} stored");
        connection.SendFailed += failure => WriteLine($"✗ {failure.Message}");
        await connection.StartAsync(stop);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var sending = SendLinesAsync(connection, end);
        try
        {
            await foreach (var message in connection.ReceiveAsync(end.Token))
                WriteLine($"{message.CreatedAt:HH:mm:ss} {message.Author} → {message.Recipient}: {message.Text}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The input has ended.
        }

        await sending;
    }

    private static async Task SendLinesAsync(ChatConnection connection, CancellationTokenSource end)
    {
        var pending = new List<Task>();
        // The console's own ReadLineAsync blocks its caller.
        while (await Task.Run(In.ReadLine, end.Token).WaitAsync(end.Token) is { } line)
        {
            pending.RemoveAll(task => task.IsCompleted);
            if (line.StartsWith('@') && line.Split(' ', 2) is [var recipient, { Length: > 0 } text])
                pending.Add(SendAsync(connection, recipient[1..], text, end.Token));
            else if (line.Length > 0)
                WriteLine("@name text");
        }

        await Task.WhenAll(pending);
        await end.CancelAsync();
    }

    private static async Task SendAsync(ChatConnection connection, string recipient, string text, CancellationToken stop)
    {
        try
        {
            await connection.SendAsync(recipient, text, cancellationToken: stop);
        }
        catch (Exception e) when (e is ChatSendException or OperationCanceledException or ChatStoppedException or ChatOutboxFullException)
        {
            // Told by SendFailed and by the loop's end; what is in the outbox goes out at the next start.
        }
    }
}
