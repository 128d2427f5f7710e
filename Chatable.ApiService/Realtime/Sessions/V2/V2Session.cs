using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Realtime.Sessions.V2;

/// <summary>
/// Protocol v2 on one connection: silent until the client's hello, then the log from the client's seq. The connection's own messages appear
/// in the log as acks instead of messages.
/// </summary>
internal sealed class V2Session : IProtocolSession
{
    // The hello, and a ping or pong.
    private const int FramesBesideTheWindow = 2;

    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly SessionServices _services;
    private readonly FrameRate _rate;
    private readonly Throttle _throttle;
    private readonly V2Handshake _handshake;
    private SendPath? _path;
    private SendWindow? _window;

    /// <summary><paramref name="identified"/> is called when <see cref="Device"/> is known.</summary>
    public V2Session(Sender sender, SocketWriter writer, SessionServices services, Action identified)
    {
        (_sender, _writer, _services) = (sender, writer, services);
        // A client that resumes may have to resend a whole window. Any message refused would have to be sent once more.
        _rate = new FrameRate(services.Options, services.Clock, atFirst: services.Options.Window + FramesBesideTheWindow);
        _handshake = new V2Handshake(sender.User, writer, Handle, identified, services);
        _throttle = new Throttle(_rate, () => _handshake.Full ?? _path?.Full, writer, services);
    }

    // Created with the first message sent, because most connections never send one.
    private SendPath Path => _path ??= new SendPath(_sender, _writer, (send, error) => Refuse(send.ClientId, error), _services);

    // Created with the first message of the user, which may come from this client or, sent elsewhere, through the log.
    private SendWindow Window =>
        Volatile.Read(ref _window)
        ?? Interlocked.CompareExchange(ref _window, new SendWindow(_services.Options.Window), null)
        ?? _window;

    public bool IsOverdue => _handshake.IsOverdue;

    public bool IsIdentified => _handshake.IsIdentified;

    public string? Device => _handshake.Device;

    // For clients that cannot see WebSocket pings. Their answers are ignored.
    public byte[]? Heartbeat => _handshake.IsOver ? V2SessionFrames.Ping : null;

    public Task OpenAsync(LogCursor log, CancellationToken cancellationToken)
    {
        _handshake.Await(log);
        return Task.CompletedTask;
    }

    public Task ReadyAsync() => _throttle.WaitAsync();

    public void Receive(ReadOnlySpan<byte> utf8)
    {
        _services.Metrics.FrameReceived();
        var rate = _rate.Take();
        if (rate == RateVerdict.Flood)
            _writer.Close(CloseCode.Flood);
        else
            _handshake.Receive(new ReceivedV2Frame(
                V2ClientFrames.Read(utf8, _services.Options.MaxMessageBytes), rate == RateVerdict.Over, _services.Clock.GetTimestamp()));
    }

    /// <summary>
    /// Sends every entry of the log. The connection that waits for the ack of the entry's command gets the ack instead.
    /// </summary>
    public void Deliver(in Envelope envelope)
    {
        var (seq, entry) = envelope;
        var isActor = entry.ActorId == _sender.User.UserId;
        if (isActor && entry.AckLength > 0 && Window.Settle(entry))
        {
            _writer.Send(V2Frames.Ack(entry.CommandId, entry.AckFields.Span, seq, duplicate: false));
            _services.Metrics.Acked(duplicate: false);
        }
        else
        {
            _writer.Send(V2Frames.Entry(entry, seq, isActor));
        }

        _handshake.Delivered(seq);
    }

    public void GoOn(LogEpoch epoch, long sharedUntil)
    {
        // The promised end of the backlog may never come. A new connection gets a new one.
        if (_handshake.HasPromised(beyond: sharedUntil))
            _writer.Close(CloseCode.Unsure);
        else
            _writer.Send(V2SessionFrames.Epoch(epoch.Id, sharedUntil));
    }

    // This ack is outside the log order: the message's own envelope has been or will be sent at its seq.
    public void Repeated(in CommandRepeated command)
    {
        Window.Settle(command.CommandId);
        _writer.Send(V2Frames.Ack(command.CommandId, command.AckFields.Span, command.ActorSeq, duplicate: true));
        _services.Metrics.Acked(duplicate: true);
    }

    // Nothing else would answer the message. On its next connection the client learns the epoch and resends.
    public void RepeatedElsewhere() => _writer.Close(CloseCode.Unsure);

    public void Refuse(in CommandRefused command) => Refuse(command.CommandId, command.Code switch
    {
        RefusalCode.OutOfOrder => SendError.OutOfOrder,
        RefusalCode.KeyReused => SendError.KeyReused,
        _ => SendError.Refused,
    });

    public void StartDraining() => _writer.Send(V2SessionFrames.Draining(_services.Options.Drain.Spread));

    private void Handle(in ReceivedV2Frame received)
    {
        var frame = received.Frame;
        if (frame.Faulty is { } faulty)
            Answer(received.IsOverRate ? SendError.RateLimited : ErrorOf(faulty), faulty.ClientId);
        else if (frame.Type == V2FrameType.Send && !_sender.User.Is(frame.Send.Author))
            Answer(received.IsOverRate ? SendError.RateLimited : SendError.Forbidden, frame.Send.ClientId);
        else if (frame.Type == V2FrameType.Send)
            Send(frame.Send, received);
        else if (received.IsOverRate)
            Answer(SendError.RateLimited, clientId: null);
        else if (frame.Type == V2FrameType.Ping)
            _writer.Send(V2SessionFrames.Pong);
    }

    // The message is listed even if it exceeds the rate: later messages must not overtake it.
    private void Send(in V2Send frame, in ReceivedV2Frame received)
    {
        var (admission, after) = Window.Admit(
            frame.ClientId, frame.Recipient, Fingerprint.OfCommand(frame.Recipient, frame.Type, frame.Message.Span));
        if (admission == Admission.TooManyRefused)
            _writer.Close(CloseCode.Unsure);
        else if (received.IsOverRate)
            Refuse(frame.ClientId, SendError.RateLimited);
        else if (admission == Admission.OutOfOrder)
            Refuse(frame.ClientId, SendError.OutOfOrder);
        else if (admission == Admission.WindowFull)
            Refuse(frame.ClientId, SendError.Busy);
        else
            Path.Send(new PendingSend(frame.ClientId, frame.Recipient, frame.Message, received.At) { Type = frame.Type, After = after });
    }

    private void Refuse(ClientId clientId, SendError error)
    {
        if (error.IsRetryable)
            Window.Refuse(clientId);
        else
            Window.Drop(clientId);
        Answer(error, clientId);
    }

    private void Answer(SendError error, ClientId? clientId)
    {
        _services.Metrics.Answered(error);
        _writer.Send(error.V2(clientId));
    }

    private static SendError ErrorOf(V2FaultyFrame frame) => frame.Fault switch
    {
        V2Fault.Empty => SendError.Empty(frame.Faults),
        V2Fault.TooLarge => SendError.TooLarge(frame.Faults),
        V2Fault.Unsupported => SendError.Unsupported,
        _ => SendError.Invalid(frame.Faults),
    };
}
