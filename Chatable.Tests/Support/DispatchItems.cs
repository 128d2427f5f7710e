using Chatable.Messaging.Wire;

namespace Chatable.Tests.Support;

/// <summary>The items of a batch in a server's queue, in order.</summary>
internal static class DispatchItems
{
    /// <summary>False if the batch cannot be read to its end; <paramref name="items"/> are those before the error.</summary>
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
