using System.Runtime.CompilerServices;
using Chatable.ApiService.Realtime.Sockets;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>The bytes of a socket that stays within its request, as over TLS and HTTP/2.</summary>
internal sealed class RequestStream(Stream transport, Pulse pulse, Action onUnmasked) : FrameStream(pulse, onUnmasked)
{
    private volatile bool _isOver;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsBroken)
            return await DiscardAsync(cancellationToken);
        if (!Pulse.IsInTime)
            await Pulse.SlowDownAsync(() => _isOver);
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
        if (disposing)
            transport.Dispose();
        base.Dispose(disposing);
    }
}
