using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V1;

namespace Chatable.ApiService.Realtime.Sessions.V1;

/// <summary>Protocol v1 on one connection: live from the start, and the client is only told of messages that were refused.</summary>
internal sealed class V1Session : IProtocolSession
{
    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly SessionServices _services;
    private readonly FrameRate _rate;
    private readonly Throttle _throttle;
    private SendPath? _path;

    public V1Session(Sender sender, SocketWriter writer, SessionServices services)
    {
        (_sender, _writer, _services) = (sender, writer, services);
        _rate = new FrameRate(services.Options, services.Clock);
        _throttle = new Throttle(_rate, () => _path?.Full, writer, services);
    }

    // Created on demand, because most connections never send anything.
    private SendPath Path => _path ??= new SendPath(_sender, _writer, (_, error) => Answer(error), _services);

    public bool IsOverdue => false;

    public bool IsIdentified => true;

    public string? Device => null;

    public byte[]? Heartbeat => null;

    public async Task OpenAsync(LogCursor log, CancellationToken cancellationToken)
    {
        var head = await _services.ReadHead(_sender.User.UserId, known: null, cancellationToken);
        log.StartAfter(head.Seq, head);
    }

    public Task ReadyAsync() => _throttle.WaitAsync();

    public void Receive(ReadOnlySpan<byte> utf8)
    {
        _services.Metrics.FrameReceived();
        var rate = _rate.Take();
        if (rate == RateVerdict.Flood)
            _writer.Close(CloseCode.Flood);
        else if (rate == RateVerdict.Over)
            Answer(SendError.RateLimited);
        else if (!V1SendFrame.TryRead(utf8, _services.Options.MaxMessageBytes, out var frame, out var faults))
            Answer(SendError.Invalid(faults));
        else if (!_sender.User.Is(frame.Author))
            Answer(SendError.Forbidden);
        else
            Path.Send(new PendingSend(ClientId.New(), frame.Recipient, frame.Message, _services.Clock.GetTimestamp()));
    }

    /// <summary>Sends the messages that others wrote to the user, and the user's notes to self.</summary>
    public void Deliver(in Envelope envelope)
    {
        if (V1Frames.TryMessage(envelope.Entry, _sender.User.Username, out var frame))
            _writer.Send(frame);
    }

    // A v1 client keeps no seq.
    public void GoOn(LogEpoch epoch, long sharedUntil)
    {
    }

    // Every v1 message has a new id, made here. Only a worker's second attempt can find it already stored.
    public void Repeated(in CommandRepeated command)
    {
    }

    public void RepeatedElsewhere()
    {
    }

    public void Refuse(in CommandRefused command) =>
        Answer(command.Code == RefusalCode.OutOfOrder ? SendError.OutOfOrder : SendError.Refused);

    // The close frame is enough.
    public void StartDraining()
    {
    }

    private void Answer(SendError error)
    {
        _services.Metrics.Answered(error);
        _writer.Send(error.V1);
    }
}
