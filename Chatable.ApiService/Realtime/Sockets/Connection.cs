using System.Net.WebSockets;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sessions;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// One WebSocket of one user. Two loops share it. This one receives, and waits only for the client, because pings are answered only while a
/// receive is pending. The writer sends.
/// </summary>
internal sealed partial class Connection(
    long id, AuthenticatedUser user, SocketWriter writer, LogCursor log, IProtocolSession session, Pulse pulse,
    RealtimeOptions options, TimeProvider clock, RealtimeMetrics metrics, ILogger<Connection> logger)
{
    private FrameReader? _reader;
    private WebSocket? _socket;

    /// <summary>Unique in this process.</summary>
    public long Id => id;

    public AuthenticatedUser User => user;

    public LogCursor Log => log;

    public IProtocolSession Session => session;

    /// <summary>For the stream below the socket.</summary>
    public Pulse Pulse => pulse;

    /// <summary>Ends the connection with a close frame. The first reason given is kept.</summary>
    public void Close(CloseCode code) => writer.Close(code);

    /// <summary>Ends the connection because the client broke the WebSocket protocol.</summary>
    public void Break() => writer.Close(CloseCode.BrokenProtocol);

    /// <summary>Returns when the connection is over.</summary>
    public async Task RunAsync(WebSocket socket)
    {
        using var reader = new FrameReader(socket, options.MaxFrameBytes, clock);
        (_reader, _socket) = (reader, socket);
        metrics.Connected();
        writer.Start(socket);
        try
        {
            // Not in a method of its own: most connections wait here nearly all the time, and each async method in the chain costs memory.
            var hasEnded = false;
            while (writer.Closing is null)
            {
                var frame = await reader.ReadAsync(await reader.WaitAsync());
                if (frame.IsEnd)
                {
                    hasEnded = true;
                    break;
                }

                Take(frame);
                if (session.ReadyAsync() is { IsCompletedSuccessfully: false } ready)
                {
                    // Unread frames wait at the client. No buffer is held for them here.
                    reader.Dispose();
                    await ready;
                }
            }

            if (!hasEnded)
                await reader.DiscardAsync();
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            LogLost(id, exception.Message);
        }
        finally
        {
            writer.Close(CloseCode.Normal);
            await EndAsync();
        }
    }

    /// <summary>Ends overdue operations, and breaks long silences. Called about twice a second.</summary>
    public void Sweep()
    {
        if (_socket is not { } socket)
            return;
        if (user.ExpiresAt <= clock.GetUtcNow())
            Close(CloseCode.TokenEnded);
        if (session.IsOverdue || (_reader is { } reader && reader.IsOverdue(options.Times.Receive)))
            Close(CloseCode.Overdue);
        if (session.Heartbeat is { } heartbeat && writer.IsQuietFor(options.Times.Ping))
            writer.Send(heartbeat);
        writer.Sweep(socket);
        // Nobody is there to receive a close frame.
        if (pulse.IsGone() && socket.State != WebSocketState.Aborted)
        {
            metrics.FellSilent();
            socket.Abort();
        }
    }

    private async Task EndAsync()
    {
        try
        {
            await writer.Ended;
        }
        finally
        {
            metrics.Disconnected();
        }
    }

    private void Take(ReceivedFrame frame)
    {
        // Once the connection closes, only the client's close frame is still expected.
        if (writer.Closing is not null)
            return;
        if (frame.Fault is { } fault)
            Close(fault);
        else
            session.Receive(frame.Text.Span);
    }

    [LoggerMessage(LogLevel.Debug, "Connection {ConnectionId} was lost: {Reason}")]
    private partial void LogLost(long connectionId, string reason);
}
