using System.Buffers.Binary;

namespace Chatable.Messaging.Settling;

/// <summary>
/// Items with their addresses as <see cref="Settlement"/>'s script reads them. Neighbours of one address, such as what one author has just
/// sent to one recipient, are one piece to it: it handles pieces, and a string of Lua costs more than the bytes in it. All pieces stand one
/// after the other, and for each, little-endian:
/// <code>
/// u32 its length · u16 its origin · u16 n, n × u16 user       origin and users by their place among those of the batch, from 1
/// </code>
/// </summary>
internal sealed class AddressedBatch
{
    private const int AddressLength = 8, UserLength = 2;

    private readonly OrderedDictionary<long, bool> _users = [];
    private readonly OrderedDictionary<Guid, bool> _origins = [];

    public AddressedBatch(IReadOnlyList<AddressedItem> items)
    {
        Items = new byte[items.Sum(item => item.Bytes.Length)];
        var addresses = new byte[items.Sum(item => AddressLength + UserLength * item.Users.Count)];
        var (written, addressed) = (0, 0);
        for (var i = 0; i < items.Count;)
        {
            var (first, start) = (items[i], written);
            for (; i < items.Count && HaveOneAddress(first, items[i]); i++)
            {
                items[i].Bytes.CopyTo(Items.AsMemory(written));
                written += items[i].Bytes.Length;
            }

            addressed += WriteAddress(addresses.AsSpan(addressed), first, written - start);
        }

        Addresses = addresses.AsMemory(0, addressed);
    }

    public byte[] Items { get; }

    public ReadOnlyMemory<byte> Addresses { get; }

    /// <summary>In the order of their places.</summary>
    public IList<long> Users => _users.Keys;

    /// <summary>Their boot ids one after the other, 32 digits each, in the order of their places.</summary>
    public string Origins => string.Concat(_origins.Keys.Select(origin => origin.ToString("N")));

    private static bool HaveOneAddress(AddressedItem one, AddressedItem other) =>
        one.Origin == other.Origin && one.Users.SequenceEqual(other.Users);

    private int WriteAddress(Span<byte> destination, AddressedItem item, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], PlaceOf(item.Origin, _origins));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], checked((ushort)item.Users.Count));
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
