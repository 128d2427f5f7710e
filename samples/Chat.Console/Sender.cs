using System.Collections.Concurrent;
using Chatable.Client;
using static System.Console;

namespace Chat.Console;

/// <summary>
/// Sends lines. Each gets a number when it is typed, by which what becomes of it is told: it may wait long for a connection.
/// </summary>
internal sealed class Sender
{
    private readonly ChatConnection _connection;
    private readonly ConcurrentDictionary<string, int> _numbers = [];
    private int _typed;

    public Sender(ChatConnection connection)
    {
        _connection = connection;
        connection.Sent += sent => WriteLine($"✓ {NameOf(sent.ClientId)} stored as #{sent.ConversationSeq}");
        connection.SendFailed += failure => WriteLine($"✗ {NameOf(failure.ClientId)} refused, {failure.Message}");
    }

    public async Task SendAsync(string recipient, string text, CancellationToken stop)
    {
        var clientId = Guid.CreateVersion7().ToString("N");
        var number = Interlocked.Increment(ref _typed);
        _numbers[clientId] = number;
        WriteLine($"… {number} {(_connection.Status.State == ChatState.Online ? "on its way" : "waits for a connection")}");
        try
        {
            await _connection.SendAsync(recipient, text, clientId: clientId, cancellationToken: stop);
        }
        catch (ChatOutboxFullException full)
        {
            WriteLine($"✗ {number} not taken: {full.Message}");
        }
        catch (Exception e) when (e is ChatSendException or OperationCanceledException or ChatStoppedException)
        {
            // Told by SendFailed and by the loop's end; what is in the outbox goes out at the next start.
        }
    }

    private string NameOf(string clientId) => _numbers.TryRemove(clientId, out var number) ? $"{number}" : "one of an earlier start";
}
