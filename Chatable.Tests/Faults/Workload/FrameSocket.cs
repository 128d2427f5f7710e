using System.Net.WebSockets;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>A v2 WebSocket, frame by frame.</summary>
/// <param name="bufferBytes">The largest frame it accepts.</param>
internal sealed class FrameSocket(int bufferBytes = 64 * 1024) : IDisposable
{
    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(5);

    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly byte[] _buffer = new byte[bufferBytes];

    /// <summary>The server's close code; null before it, or if the connection just broke.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    /// <summary>The HTTP status of a refused handshake; 0 if it was accepted.</summary>
    public int Refusal => _socket.State == WebSocketState.Open ? 0 : (int)_socket.HttpStatusCode;

    /// <summary>Notices a frozen server or a dead link in about 8 s, unless <paramref name="pings"/> is off.</summary>
    public async Task ConnectAsync(Uri server, ChatToken token, CancellationToken cancellationToken, bool pings = true)
    {
        _socket.Options.SetRequestHeader("Authorization", $"Bearer {token.ToJwt()}");
        _socket.Options.AddSubProtocol("chatable.v2");
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.KeepAliveInterval = pings ? TimeSpan.FromSeconds(3) : TimeSpan.Zero;
        _socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(5);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_connect);
        await _socket.ConnectAsync(ChatSocket.AddressOf(server), timeout.Token);
    }

    public async Task SendAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next frame; null if the server closes the connection.</summary>
    public async Task<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            length += part.Count;
            if (part.EndOfMessage)
                return Frame.Parse(_buffer.AsMemory(0, length));
        }
    }

    public void Abort() => _socket.Abort();

    public void Dispose() => _socket.Dispose();
}
