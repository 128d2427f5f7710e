using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>
/// One connection's way into the intake, the same for every protocol. Where the fate of a message is unknown it ends the connection,
/// and nothing later goes ahead.
/// </summary>
internal sealed partial class SendPath
{
    private readonly Sender _sender;
    private readonly SocketWriter _writer;
    private readonly Action<PendingSend, SendError> _refused;
    private readonly SessionServices _services;
    private readonly SendQueue _sends;

    /// <summary><paramref name="refused"/> is told of each message that surely did not reach the intake.</summary>
    public SendPath(Sender sender, SocketWriter writer, Action<PendingSend, SendError> refused, SessionServices services)
    {
        (_sender, _writer, _refused, _services) = (sender, writer, refused, services);
        _sends = new SendQueue(services.Options.PendingSends, AcceptAsync, services.InFlight);
    }

    /// <inheritdoc cref="SendQueue.Full"/>
    public Task? Full => _sends.Full;

    /// <summary>Sends it on its way and returns at once.</summary>
    public void Send(PendingSend send)
    {
        if (_services.Draining.IsDraining)
            _refused(send, SendError.Unavailable);
        else if (!_sends.TryEnqueue(send))
            _refused(send, SendError.Busy);
    }

    private async Task<bool> AcceptAsync(IReadOnlyList<PendingSend> sends)
    {
        try
        {
            // Not ended with the connection: what a client sent before it left is to arrive.
            var outcomes = await _services.Accepter.AcceptAsync(_sender, sends, CancellationToken.None);
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i] == SendOutcome.Unknown)
                {
                    _writer.Close(CloseCode.Unsure);
                    return false;
                }

                if (ErrorOf(outcomes[i]) is { } error)
                    _refused(sends[i], error);
            }

            return true;
        }
        catch (Exception exception)
        {
            // Unforeseen, so its fate is unknown; the connection must not look as if the message were on its way.
            LogAcceptFailed(_services.Logger, exception, _sender.ConnectionId);
            _writer.Close(CloseCode.Unsure);
            return false;
        }
    }

    private static SendError? ErrorOf(SendOutcome outcome) => outcome switch
    {
        SendOutcome.UnknownRecipient => SendError.UnknownRecipient,
        SendOutcome.Busy => SendError.Busy,
        SendOutcome.Unavailable => SendError.Unavailable,
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "Messages of connection {ConnectionId} could not be accepted.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception exception, long connectionId);
}
