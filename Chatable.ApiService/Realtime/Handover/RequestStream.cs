using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Chatable.ApiService.Realtime.Sockets;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// The byte stream of a socket that stays within its request, as over TLS and HTTP/2. Disposing <paramref name="transport"/> does not end a
/// pending read. If the socket was aborted, <paramref name="abort"/> ends the request.
/// </summary>
internal sealed class RequestStream(Stream transport, Pulse pulse, Action onUnmasked, Action abort) : FrameStream(pulse, onUnmasked)
{
    private volatile bool _isOver;

    /// <summary>The WebSocket that uses this stream.</summary>
    public WebSocket? Socket { get; set; }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsBroken)
            return await DiscardAsync(cancellationToken);
        if (!Pulse.IsInTime)
            await Pulse.SlowDownAsync(() => _isOver);
        Pulse.Listening();
        var received = await transport.ReadAsync(buffer, cancellationToken);
        var length = Pass(buffer.Span[..received]);
        return length == 0 && IsBroken ? await DiscardAsync(cancellationToken) : length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Pulse.Sending(buffer.Span);
        return transport.WriteAsync(buffer, cancellationToken);
    }

    protected override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        transport.ReadAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        _isOver = true;
        if (Socket?.State == WebSocketState.Aborted)
            abort();
        if (disposing)
            transport.Dispose();
        base.Dispose(disposing);
    }
}
