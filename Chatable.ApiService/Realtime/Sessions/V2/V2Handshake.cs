using Chatable.ApiService.Auth;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Realtime.Sessions.V2;

/// <summary>
/// The beginning of a v2 connection: hello, then welcome, reset or the backlog, and caught_up. The log's head is read concurrently with the
/// receive loop. Frames that arrive in the meantime are kept and handled afterwards, in order.
/// </summary>
/// <param name="user">The connected user.</param>
/// <param name="writer">Closed if the client violates the protocol's state, or its hello cannot be answered.</param>
/// <param name="handle">Takes all frames other than hello. Never called concurrently.</param>
/// <param name="identified">Called when the hello has arrived.</param>
/// <param name="services">The services that all connections share.</param>
internal sealed partial class V2Handshake(
    AuthenticatedUser user, SocketWriter writer, HandleV2Frame handle, Action identified, SessionServices services)
{
    // Lock order: this before the log's lock, never the reverse.
    private readonly Lock _gate = new();
    private List<ReceivedV2Frame>? _early;
    private TaskCompletionSource? _room;
    private State _state = State.HelloExpected;
    private LogCursor? _log;
    private long? _caughtUpAt;
    private bool _isCaughtUp;
    private ElapsedTimer _waiting;

    public bool IsOverdue => _waiting.Exceeds(services.Options.Times.Hello, services.Clock);

    public bool IsIdentified => _state != State.HelloExpected;

    /// <summary>The device named in the hello.</summary>
    public string? Device { get; private set; }

    /// <summary>Whether the welcome was sent.</summary>
    public bool IsOver => _state == State.Live;

    /// <summary>A task that completes when frames are handled again, if the buffer of early frames is full; else null.</summary>
    public Task? Full
    {
        get
        {
            if (_state != State.Greeting)
                return null;
            lock (_gate)
            {
                return _state == State.Greeting && _early?.Count >= services.Options.PendingSends
                    ? (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                    : null;
            }
        }
    }

    /// <summary>From now on the client owes its hello. <paramref name="log"/> starts at the seq that the hello names.</summary>
    public void Await(LogCursor log)
    {
        _log = log;
        _waiting.Start(services.Clock);
    }

    public void Receive(in ReceivedV2Frame received)
    {
        lock (_gate)
        {
            if (Contradicts(received.Frame))
                Contradict(received.Frame);
            else if (received.Frame.Type == V2FrameType.Hello)
                Greet(received.Frame.Hello);
            else if (_state != State.Greeting)
                handle(received);
            else if ((_early ??= []).Count < services.Options.PendingSends)
                _early.Add(received);
            else
                writer.Close(CloseCode.Unsure);
        }
    }

    /// <summary>The log has been delivered up to <paramref name="seq"/>.</summary>
    public void Delivered(long seq)
    {
        if (seq != _caughtUpAt)
            return;
        writer.Send(V2SessionFrames.CaughtUp(seq));
        _isCaughtUp = true;
    }

    /// <summary>Whether the client is still owed a caught_up for a seq above <paramref name="beyond"/>.</summary>
    public bool HasPromised(long beyond) => !_isCaughtUp && _caughtUpAt > beyond;

    private bool Contradicts(in V2ClientFrame frame) => frame.Type switch
    {
        V2FrameType.Hello => _state != State.HelloExpected || frame.Faulty is not null,
        V2FrameType.Send => _state == State.HelloExpected,
        _ => false,
    };

    private void Contradict(in V2ClientFrame frame)
    {
        if (frame is { Type: V2FrameType.Hello, Faulty: { } faulty })
        {
            var error = SendError.Invalid(faulty.Faults);
            services.Metrics.Answered(error);
            writer.Send(error.V2(clientId: null));
        }

        writer.Close(CloseCode.Contradiction);
    }

    private void Greet(V2Hello hello)
    {
        _waiting.Stop();
        Device = hello.Device;
        _state = State.Greeting;
        identified();
        _ = GreetAsync(hello);
    }

    private async Task GreetAsync(V2Hello hello)
    {
        try
        {
            using var timeout = new CancellationTokenSource(services.Options.Times.Setup, services.Clock);
            var head = await services.ReadHead(user.UserId, hello.Epoch, timeout.Token);
            lock (_gate)
                Begin(hello, head);
        }
        catch (Exception exception)
        {
            // PostgreSQL is unavailable: the client is told to reconnect.
            LogNotGreeted(services.Logger, exception, user.UserId);
            writer.Close(CloseCode.Unsure);
        }
    }

    private void Begin(V2Hello hello, LogHead head)
    {
        var options = services.Options;
        writer.Send(V2SessionFrames.Welcome(new V2Welcome(
            user.Username, services.Server.Name, head.Epoch, head.Seq, options.Times.Ping, options.MaxFrameBytes, options.Window)));

        var start = StartOf(hello, head);
        // Set before the cursor starts, because it may deliver up to this seq at once.
        if (start == head.Seq)
            writer.Send(V2SessionFrames.CaughtUp(head.Seq));
        else
            _caughtUpAt = head.Seq;
        _log!.StartAfter(start, head);

        _state = State.Live;
        foreach (var received in _early ?? [])
            handle(received);
        _early = null;
        _room?.TrySetResult();
        _room = null;
    }

    private long StartOf(V2Hello hello, LogHead head)
    {
        if (hello.Since is not { } since)
        {
            services.Metrics.Resumed("new");
            return head.Seq;
        }

        if (head.Honours(since, hello.Epoch))
        {
            if (since > 0 && hello.Epoch != head.Epoch)
                writer.Send(V2SessionFrames.Epoch(head.Epoch, head.SharedUntil!.Value));
            services.Metrics.Resumed(since == head.Seq ? "current" : "backlog");
            return since;
        }

        services.Metrics.Resumed("reset");
        writer.Send(V2SessionFrames.Reset(head.Epoch, head.Seq));
        return head.Seq;
    }

    [LoggerMessage(LogLevel.Warning, "The hello of a connection of user {UserId} could not be answered.")]
    private static partial void LogNotGreeted(ILogger logger, Exception exception, long userId);

    private enum State
    {
        HelloExpected,
        Greeting,
        Live,
    }
}

/// <summary>A client's frame, its time of arrival, and whether it exceeded the rate.</summary>
internal readonly record struct ReceivedV2Frame(V2ClientFrame Frame, bool IsOverRate, long At);

/// <summary>Takes a frame other than hello.</summary>
internal delegate void HandleV2Frame(in ReceivedV2Frame received);
