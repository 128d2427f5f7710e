using System.Net.Sockets;
using System.Threading.Channels;

namespace Chatable.Tests.Faults.Proxy;

internal enum PumpEnd
{
    /// <summary>The sender is done and the receiver has been told.</summary>
    Ended,

    /// <summary>One side is gone; the other must be told.</summary>
    Broken,

    /// <summary>Cut on request.</summary>
    Cut,

    /// <summary>Cut on request, but the receiver may still act on what it has received.</summary>
    CutAfter,
}

/// <summary>
/// Transfers the bytes of one direction: one task reads, another writes when they are due, so latency does not reduce bandwidth.
/// </summary>
internal sealed class Pump(Socket from, Socket to, Func<Toxics> toxics, CancellationToken stop)
{
    private const int ChunkBytes = 16 * 1024;

    // With 16 KiB chunks, about what a long cable holds.
    private readonly Channel<Chunk> _cable = Channel.CreateBounded<Chunk>(64);
    private readonly PatternSearch _search = new();
    private long _due;
    private long _passed;
    private bool _lostBytes;
    private bool _isSilenced;

    private readonly record struct Chunk(ReadOnlyMemory<byte> Bytes, long Due, PumpEnd? End);

    public Rewrite? Rewrite { get; init; }

    /// <summary>Called when the sender is done or gone.</summary>
    public Action SenderEnded { get; init; } = () => { };

    /// <summary>Called when <see cref="Toxics.HoleAt"/> has been found.</summary>
    public Action Silenced { get; init; } = () => { };

    public async Task<PumpEnd> RunAsync()
    {
        var reading = ReadAsync();
        try
        {
            return await WriteAsync();
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return PumpEnd.Broken;
        }
        finally
        {
            _cable.Writer.TryComplete();
            _ = reading.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private async Task ReadAsync()
    {
        var end = PumpEnd.Ended;
        try
        {
            while (await ReadOnceAsync() is { } chunk)
            {
                if (chunk.Bytes.Length > 0 || chunk.End is not null)
                    await _cable.Writer.WriteAsync(chunk, stop);
                if (chunk.End is not null)
                    return;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            end = PumpEnd.Broken;
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            return;
        }

        SenderEnded();
        await ProxyLink.WaitWhileAsync(() => IsHole(toxics()) || toxics().Paused, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _cable.Writer.WriteAsync(new Chunk(default, _due, _lostBytes ? PumpEnd.Broken : end), CancellationToken.None);
    }

    // Null at the end of the stream.
    private async Task<Chunk?> ReadOnceAsync()
    {
        var buffer = new byte[ChunkBytes];
        await ProxyLink.WaitWhileAsync(() => toxics().Paused, stop);
        var count = await from.ReceiveAsync(buffer, stop);
        if (count == 0)
            return null;
        Rewrite?.Apply(buffer.AsSpan(0, count));

        await ProxyLink.WaitWhileAsync(() => toxics().Paused, stop);
        var now = toxics();
        if (IsHole(now))
        {
            _lostBytes = true;
            return new Chunk(default, 0, null);
        }

        if (_lostBytes)
            return new Chunk(default, 0, PumpEnd.Broken);

        var (bytes, end) = Cut(Silence(buffer.AsMemory(0, count), now), now);
        _passed += bytes.Length;
        return new Chunk(bytes, _due = DueAt(now), end);
    }

    private bool IsHole(Toxics now) => now.BlackHole || (_isSilenced && now.HoleAt is not null);

    private ReadOnlyMemory<byte> Silence(ReadOnlyMemory<byte> bytes, Toxics now)
    {
        if (now.HoleAt is not { } hole || _search.Find(hole.Pattern.Span, bytes.Span) is not { } start)
            return bytes;
        _isSilenced = true;
        Silenced();
        if (hole.Moment == CutMoment.After)
            return bytes;
        _lostBytes = true;
        return bytes[..start];
    }

    private (ReadOnlyMemory<byte> Bytes, PumpEnd? End) Cut(ReadOnlyMemory<byte> bytes, Toxics now)
    {
        if (now.CutAt is { } cut && _search.Find(cut.Pattern.Span, bytes.Span) is { } start)
            return cut.Moment == CutMoment.Before ? (bytes[..start], PumpEnd.Cut) : (bytes, PumpEnd.CutAfter);
        if (now.CutAfterBytes is { } limit && _passed + bytes.Length >= limit)
            return (bytes[..(int)Math.Max(0, limit - _passed)], PumpEnd.Cut);
        return (bytes, null);
    }

    private long DueAt(Toxics now)
    {
        var late = now.Latency + now.Jitter * (2 * Random.Shared.NextDouble() - 1);
        var due = Environment.TickCount64 + (long)Math.Max(0, late.TotalMilliseconds);
        return Math.Max(due, _due);
    }

    private async Task<PumpEnd> WriteAsync()
    {
        await foreach (var chunk in _cable.Reader.ReadAllAsync(stop))
        {
            var wait = chunk.Due - Environment.TickCount64;
            if (wait > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(wait), stop);
            await WriteAsync(chunk.Bytes);
            if (chunk.End == PumpEnd.Ended)
                to.Shutdown(SocketShutdown.Send);
            if (chunk.End is { } end)
                return end;
        }

        return PumpEnd.Broken;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var now = toxics();
            var slice = now switch
            {
                { SliceBytes: > 0 } => now.SliceBytes,
                { BytesPerSecond: > 0 } => Math.Max(1, now.BytesPerSecond / 20),
                _ => bytes.Length,
            };
            slice = Math.Min(slice, bytes.Length);
            for (var sent = 0; sent < slice;)
                sent += await to.SendAsync(bytes[sent..slice], stop);
            bytes = bytes[slice..];
            if (now.BytesPerSecond > 0)
                await Task.Delay(TimeSpan.FromSeconds((double)slice / now.BytesPerSecond), stop);
        }
    }
}
