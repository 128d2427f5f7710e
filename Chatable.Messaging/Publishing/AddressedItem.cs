namespace Chatable.Messaging.Publishing;

/// <summary>An item of a server's queue, for every server on which one of the users is connected, and for the one it came from.</summary>
/// <param name="Bytes">As <see cref="Wire.DispatchBatch.EncodeItem"/> makes them.</param>
/// <param name="Users">Whom it concerns; none where only the origin is told.</param>
/// <param name="Origin">The boot id of the server it came from.</param>
public readonly record struct AddressedItem(ReadOnlyMemory<byte> Bytes, IReadOnlyList<long> Users, Guid Origin);
