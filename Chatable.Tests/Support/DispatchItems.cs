using Chatable.Messaging.Wire;

namespace Chatable.Tests.Support;

/// <summary>What a batch of a server's queue says, one after the other.</summary>
internal sealed class DispatchItems : IDispatchHandler
{
    private readonly List<IDispatch> _items = [];

    /// <summary>False where the batch cannot be read to its end; <paramref name="items"/> is what stands before the fault.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> batch, out IReadOnlyList<IDispatch> items)
    {
        var handler = new DispatchItems();
        items = handler._items;
        return DispatchBatch.TryRead(batch, handler);
    }

    public void Handle(in MessageStored stored) => _items.Add(stored);

    public void Handle(in MessageRepeated repeated) => _items.Add(repeated);

    public void Handle(in MessageRefused refused) => _items.Add(refused);
}
