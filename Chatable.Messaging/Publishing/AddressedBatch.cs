using System.Buffers.Binary;
using Chatable.Messaging.Wire;

namespace Chatable.Messaging.Publishing;

/// <summary>
/// Items with their addresses, in the form that the script of <see cref="PublishAndTrim"/> reads. Consecutive items with the same address,
/// such as messages that one author has just sent to one recipient, are joined into one piece. The script handles whole pieces, because
/// each Lua string costs more than its bytes. For each piece, little-endian:
/// <code>
/// u16 its origin · u16 n, n × u16 user       by their place among those of the batch, from 1
/// </code>
/// </summary>
internal sealed class AddressedBatch
{
    private const int AddressLength = 4, UserLength = 2;

    private readonly OrderedDictionary<long, bool> _users = [];
    private readonly OrderedDictionary<Guid, bool> _origins = [];
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    public AddressedBatch(IReadOnlyList<AddressedItem> items)
    {
        var addresses = new byte[items.Sum(item => AddressLength + UserLength * item.Users.Count)];
        var length = 0;
        for (var i = 0; i < items.Count;)
        {
            var first = i;
            while (i < items.Count && HaveOneAddress(items[first], items[i]))
                i++;
            length += WriteAddress(addresses.AsSpan(length), items[first]);
            _pieces.Add(Join(items, first, i - first));
        }

        Addresses = addresses.AsMemory(0, length);
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces => _pieces;

    /// <summary>The addresses of the pieces, in the order of the pieces.</summary>
    public ReadOnlyMemory<byte> Addresses { get; }

    /// <summary>The users, in the order of their indexes in the addresses.</summary>
    public IList<long> Users => _users.Keys;

    /// <summary>The boot ids of the origins, concatenated, 32 digits each, in the order of their indexes.</summary>
    public string Origins => string.Concat(_origins.Keys.Select(origin => origin.ToString("N")));

    private static bool HaveOneAddress(AddressedItem one, AddressedItem other) =>
        one.Origin == other.Origin && one.Users.SequenceEqual(other.Users);

    private static ReadOnlyMemory<byte> Join(IReadOnlyList<AddressedItem> items, int first, int count)
    {
        if (count == 1)
            return items[first].Bytes;

        var length = 0;
        for (var i = first; i < first + count; i++)
            length += items[i].Bytes.Length;
        var piece = new byte[length];
        for (var (i, written) = (first, 0); i < first + count; i++)
        {
            items[i].Bytes.CopyTo(piece.AsMemory(written));
            written += items[i].Bytes.Length;
        }

        return piece;
    }

    private int WriteAddress(Span<byte> destination, AddressedItem item)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination, PlaceOf(item.Origin, _origins));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], checked((ushort)item.Users.Count));
        for (var i = 0; i < item.Users.Count; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(AddressLength + UserLength * i)..], PlaceOf(item.Users[i], _users));
        return AddressLength + UserLength * item.Users.Count;
    }

    private static ushort PlaceOf<T>(T one, OrderedDictionary<T, bool> places) where T : notnull
    {
        _ = places.TryAdd(one, true, out var index);
        return checked((ushort)(index + 1));
    }
}

/// <summary>A queue item for every server on which one of the users is connected, and for the server that the message came from.</summary>
/// <param name="Bytes">The output of <see cref="DispatchBatch.EncodeItem"/>.</param>
/// <param name="Users">The users concerned. Empty if only the origin receives the item.</param>
/// <param name="Origin">The boot id of the server that the message came from.</param>
public readonly record struct AddressedItem(ReadOnlyMemory<byte> Bytes, IReadOnlyList<long> Users, Guid Origin)
{
    /// <summary>A stored message goes to its parties' servers and to its origin. A refusal goes to its origin only.</summary>
    public static AddressedItem Of(IDispatch outcome) =>
        new(DispatchBatch.EncodeItem(outcome), PartiesOf(outcome), outcome.Origin.BootId);

    private static long[] PartiesOf(IDispatch outcome) => outcome switch
    {
        EntryStored stored => [.. stored.Recipients.Select(recipient => recipient.UserId)],
        CommandRepeated repeated => [.. repeated.Heads.Select(head => head.UserId)],
        _ => [],
    };
}
