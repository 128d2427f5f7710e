using System.Threading.Channels;

namespace Chatable.Client.Connections;

/// <summary>Signals a possible change. However often it is set, one waiter sees it once, and checks the state itself.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _set.Writer.TryWrite(true);

    public void Clear() => _set.Reader.TryRead(out _);

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _set.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        Clear();
    }
}
