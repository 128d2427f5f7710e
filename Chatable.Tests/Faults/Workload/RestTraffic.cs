using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// Clients without a socket: they send over REST until they get an answer, repeat acked messages, and read acked messages.
/// </summary>
internal sealed class RestTraffic(RestPort port, Func<Uri> server, EventLog history, int readEvery) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _calls = new();
    private int _sent;
    private int _acks;

    /// <summary>Messages without an answer.</summary>
    public int Pending => _calls.Count;

    public int Suppressed { get; private set; }

    public int Attempts { get; private set; }

    /// <summary>Answers that no healthy server should give.</summary>
    public ConcurrentBag<string> Surprises { get; } = [];

    /// <summary>Reads that succeeded.</summary>
    public int Reads { get; private set; }

    /// <summary>Sends messages at intervals until told to stop.</summary>
    public async Task RunAsync(IReadOnlyList<ChatUser> users, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        using var timer = new PeriodicTimer(s_pause);
        while (await timer.WaitForNextTickAsync(stop))
        {
            var (user, to) = (users[random.Next(users.Count)], users[random.Next(users.Count)]);
            var body = $"{random.NextInt64():x16} over REST";
            var draft = new Draft($"rest-{Interlocked.Increment(ref _sent)}", to.Username, body, BodyHash.Of(body));
            Track(SendAsync(user.Username, user.Token, draft, isRepeat: false));
        }
    }

    public void Repeat(RecordingDevice device, Draft acked) =>
        Track(SendAsync(device.User.Username, device.Token, acked, isRepeat: true));

    /// <summary>Sends another text under an acked client ID. It is not in the history: if it appears, it counts as never sent.</summary>
    public void Reuse(RecordingDevice device, Draft acked) => Track(ReuseAsync(device, acked));

    /// <summary>Reads every nth acked message.</summary>
    public void NoticeAck(RecordingDevice device, long conversation, long seq)
    {
        if (Interlocked.Increment(ref _acks) % readEvery == 0)
            Track(ReadAsync(device, conversation, seq));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_calls.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task SendAsync(string user, ChatToken token, Draft draft, bool isRepeat)
    {
        var proc = $"{user}/rest";
        while (!_stop.IsCancellationRequested)
        {
            history.Add(t => new HistoryEvent(
                t, proc, user, Known.Invoke, Op.Send, ClientId: draft.ClientId, From: user, To: draft.To, Hash: draft.Hash));
            Attempts++;
            if (await TryAsync(() => port.SendAsync(server(), token, draft, _stop.Token)) is { } ack)
            {
                if (ack.Duplicate)
                    Suppressed++;
                history.Add(t => new HistoryEvent(
                    t, proc, user, Known.Ok, Op.Ack, null, ack.MessageId, draft.ClientId, ack.Seq, ack.Conversation, ack.ConversationSeq,
                    Repeat: ack.Duplicate));
                return;
            }

            history.Add(t => new HistoryEvent(t, proc, user, Known.Info, Op.Send, ClientId: draft.ClientId));
            if (isRepeat)
                return;
            await Task.Delay(s_pause * 2, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReuseAsync(RecordingDevice device, Draft acked)
    {
        var answer = await TryAsync(async () =>
            new Answer(await port.ReuseAsync(server(), device.Token, acked, _stop.Token)));
        if (answer is { Status: HttpStatusCode.OK or HttpStatusCode.Created })
            Surprises.Add($"REST acknowledged another text under {acked.ClientId} of {device.User.Username}");
    }

    private async Task ReadAsync(RecordingDevice device, long conversation, long seq)
    {
        var read = await TryAsync(async () =>
            new Found(await port.ReadAsync(server(), device.Token, conversation, seq, _stop.Token)));
        if (read is null)
            return;
        Reads++;
        history.Add(t => new HistoryEvent(
            t, device.Proc, device.User.Username, Known.Ok, Op.RestRead, Conv: conversation, ConvSeq: seq, Hash: read.Hash));
    }

    // An unreachable server says nothing about the message.
    private async Task<T?> TryAsync<T>(Func<Task<T?>> call) where T : class
    {
        try
        {
            return await call();
        }
        // HttpClient does not wrap a SocketException if a connection is reset right after it is made.
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException
            or SocketException or System.Text.Json.JsonException)
        {
            return null;
        }
        catch (Exception exception)
        {
            // Nobody awaits a call, so its exception would be lost.
            Surprises.Add($"REST: {exception.GetType().Name}: {exception.Message}");
            return null;
        }
    }

    private void Track(Task call)
    {
        _calls[call] = true;
        _ = call.ContinueWith(done => _calls.TryRemove(done, out _), TaskScheduler.Default);
    }

    private sealed record Found(string? Hash);

    private sealed record Answer(HttpStatusCode Status);
}
