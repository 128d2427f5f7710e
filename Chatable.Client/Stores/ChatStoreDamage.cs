namespace Chatable.Client;

/// <summary>
/// An incomplete end of a store's file, which was cut off. A process that dies during a write leaves one, and nobody was told that its
/// entry is stored. A faulty disk may have damaged an entry that was.
/// </summary>
/// <param name="Position">The length of the intact part, in bytes.</param>
/// <param name="Dropped">The number of bytes cut off.</param>
/// <param name="Kept">The remaining content of the store.</param>
public sealed record ChatStoreDamage(long Position, long Dropped, ChatStoreContent Kept)
{
    /// <summary>Omits the messages, so that the text can be logged.</summary>
    public override string ToString() =>
        $"{Dropped} bytes after byte {Position} were no whole entry and were dropped. Kept: "
        + (Kept.Cursor is { } cursor ? $"the cursor at {cursor.Seq}, " : "no cursor, ")
        + $"{Kept.Outbox.Count} messages that are not acknowledged.";
}
