using Chatable.ApiService.Realtime.Delivery;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.ServiceDefaults;

namespace Chatable.ApiService.Realtime.Sending;

/// <summary>
/// Protocol v1 on one connection: what its frames mean and what the log's entries look like to it. It makes no difference to the
/// walk along the log, which is the same for every protocol.
/// </summary>
internal sealed partial class V1Session
{
    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly MessageAccepter _accepter;
    private readonly Draining _draining;
    private readonly RealtimeOptions _options;
    private readonly RealtimeMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SendQueue _sends;
    private readonly TokenBucket _rate;
    private readonly TokenBucket _warnings;

    public V1Session(Sender sender, SocketWriter writer, SessionServices services)
    {
        (_sender, _writer) = (sender, writer);
        (_accepter, _draining, _options) = (services.Accepter, services.Draining, services.Options);
        (_metrics, _clock, _logger) = (services.Metrics, services.Clock, services.Logger);
        _sends = new SendQueue(_options.PendingSends, AcceptAsync, services.InFlight);
        _rate = new TokenBucket(_options.FramesPerSecond, _options.FrameBurst, _clock);
        _warnings = new TokenBucket(perSecond: 1, _options.FloodWarnings, _clock);
    }

    /// <summary>Takes a frame from the client; returns at once.</summary>
    public void Receive(ReadOnlySpan<byte> utf8)
    {
        _metrics.FrameReceived();
        if (!_rate.TryTake())
            WarnOrClose();
        else if (!V1SendFrame.TryRead(utf8, _options.MaxMessageBytes, out var frame, out var faults))
            Answer(SendError.Invalid(faults));
        else if (frame.Author is { } author && !author.Equals(_sender.User.Username, StringComparison.OrdinalIgnoreCase))
            Answer(SendError.Forbidden);
        else if (_draining.IsDraining)
            Answer(SendError.Unavailable);
        else if (!_sends.TryEnqueue(new PendingSend(ClientId.New(), frame.Recipient, frame.Message, _clock.GetTimestamp())))
            Answer(SendError.Busy);
    }

    /// <summary>Shows the client the next entry of its log: what others wrote to it, and its notes to itself.</summary>
    public void Deliver(LogEntry entry)
    {
        if (entry.Message.Record.RecipientId == _sender.User.UserId)
            _writer.Send(entry.Message.V1);
    }

    /// <summary>Tells the client that a message accepted earlier was not stored.</summary>
    public void Refuse(RefusalCode code) =>
        Answer(code == RefusalCode.OutOfOrder ? SendError.OutOfOrder : SendError.Refused);

    private async Task<bool> AcceptAsync(IReadOnlyList<PendingSend> sends)
    {
        try
        {
            // Not ended with the connection: what a v1 client sent before it left is to arrive.
            foreach (var outcome in await _accepter.AcceptAsync(_sender, sends, CancellationToken.None))
            {
                if (outcome == SendOutcome.Unknown)
                {
                    _writer.Close(CloseCode.Unsure);
                    return false;
                }

                Report(outcome);
            }

            return true;
        }
        catch (Exception exception)
        {
            // Unforeseen, so its fate is unknown; the connection must not look as if the message were on its way.
            LogAcceptFailed(_logger, exception, _sender.ConnectionId);
            _writer.Close(CloseCode.Unsure);
            return false;
        }
    }

    private void Report(SendOutcome outcome)
    {
        switch (outcome)
        {
            case SendOutcome.UnknownRecipient:
                Answer(SendError.UnknownRecipient);
                break;
            case SendOutcome.Busy:
                Answer(SendError.Busy);
                break;
            case SendOutcome.Unavailable:
                Answer(SendError.Unavailable);
                break;
        }
    }

    private void WarnOrClose()
    {
        if (_warnings.TryTake())
            Answer(SendError.RateLimited);
        else
            _writer.Close(CloseCode.Flood);
    }

    private void Answer(SendError error)
    {
        _metrics.Answered(error);
        _writer.Send(error.V1);
    }

    [LoggerMessage(LogLevel.Error, "Messages of connection {ConnectionId} could not be accepted.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception exception, long connectionId);
}
