using Chatable.Messaging.Wire;

namespace Chatable.Tests.Support;

/// <summary>What a batch of a server's queue says, one after the other.</summary>
internal static class DispatchItems
{
    /// <summary>False where the batch cannot be read to its end; <paramref name="items"/> is what stands before the fault.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> batch, out IReadOnlyList<IDispatch> items)
    {
        var read = new List<IDispatch>();
        var reader = new DispatchBatchReader(batch);
        while (reader.Read())
        {
            read.Add(reader.Kind switch
            {
                DispatchKind.Stored => reader.Stored,
                DispatchKind.Repeated => reader.Repeated,
                _ => reader.Refused,
            });
        }

        items = read;
        return reader.IsAtEnd;
    }
}
