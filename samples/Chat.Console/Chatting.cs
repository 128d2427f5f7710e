using System.Globalization;
using System.Text.Json;
using Chatable.Client;
using static System.Console;

namespace Chat.Console;

/// <summary>Reads lines and sends them, prints what comes.</summary>
internal static class Chatting
{
    public static async Task<int> RunAsync(ConsoleArguments arguments, CancellationToken stop)
    {
        using var client = new ChatableClient(new ChatableClientOptions { Url = arguments.Server });
        var file = new TokenFile(Path.Combine(arguments.Folder, $"{arguments.User}.token"));
        try
        {
            Directory.CreateDirectory(arguments.Folder);
            if (await EnterAsync(client.Accounts, file, arguments, stop) is not { } token)
                return 1;
            var credentials = new ChatCredentials(token)
            {
                Refreshed = (fresh, _) =>
                {
                    file.Write(fresh);
                    return ValueTask.CompletedTask;
                },
            };
            await using var store = new FileChatStore(Path.Combine(arguments.Folder, $"{arguments.User}.journal"));
            store.Damaged += damage => WriteLine($"* {damage}");
            await using var connection = client.CreateConnection(credentials, store);
            await ChatAsync(connection, stop);
            return 0;
        }
        catch (ChatStoppedException stopped) when (stopped.Status.Reason == ChatStopReason.Unauthenticated)
        {
            file.Delete();
            Error.WriteLine("The server no longer takes this device's token. Start again to log in.");
            return 1;
        }
        catch (Exception e) when (e is ChatApiException or ChatStoppedException or HttpRequestException or IOException
            or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            Error.WriteLine(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<ChatToken?> EnterAsync(
        ChatAccounts accounts, TokenFile file, ConsoleArguments arguments, CancellationToken stop)
    {
        if (file.Read() is { } known && !arguments.IsNew)
            return known;
        if (Password.Read(arguments.User) is not { } password)
        {
            Error.WriteLine("Set CHATABLE_PASSWORD: there is no terminal to ask for the password.");
            return null;
        }

        try
        {
            var token = arguments.IsNew
                ? await RegisterAsync(accounts, arguments.User, password, stop)
                : await accounts.LoginAsync(arguments.User, password, stop);
            file.Write(token);
            return token;
        }
        catch (ChatApiException refused) when (refused.Status == 401)
        {
            // The server does not say which of both.
            Error.WriteLine($"The password is wrong, or there is no {arguments.User} yet: --register creates one.");
            return null;
        }
    }

    private static Task<ChatToken> RegisterAsync(ChatAccounts accounts, string user, string password, CancellationToken stop)
    {
        var phone = Random.Shared.NextInt64(1_000_000_000_000, 9_999_999_999_999).ToString(CultureInfo.InvariantCulture);
        return accounts.RegisterAsync(new ChatRegistration(user, password, $"{user}@example.com", phone, user, "-"), stop);
    }

    private static async Task ChatAsync(ChatConnection connection, CancellationToken stop)
    {
        connection.StatusChanged += status => WriteLine($"* {status.State}{(status.CloseCode is { } code ? $" ({code})" : "")}");
        var sender = new Sender(connection);
        await connection.StartAsync(stop);
        if (connection.Unacknowledged is > 0 and var waiting)
            WriteLine($"* Of an earlier start, {waiting} not stored yet");

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var sending = SendLinesAsync(sender, end);
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

    private static async Task SendLinesAsync(Sender sender, CancellationTokenSource end)
    {
        var pending = new List<Task>();
        // The console's own ReadLineAsync blocks its caller.
        while (await Task.Run(In.ReadLine, end.Token).WaitAsync(end.Token) is { } line)
        {
            pending.RemoveAll(task => task.IsCompleted);
            if (line.StartsWith('@') && line.Split(' ', 2) is [{ Length: > 1 } recipient, { Length: > 0 } text])
                pending.Add(sender.SendAsync(recipient[1..], text, end.Token));
            else if (line.Length > 0)
                WriteLine("@name text");
        }

        await Task.WhenAll(pending);
        await end.CancelAsync();
    }
}
