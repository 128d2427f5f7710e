namespace Chatable.Client;

/// <summary>
/// The end of a store's file that is no whole entry, and was cut off. A process that dies in the middle of a write leaves one that
/// nobody was told is stored; a faulty disk may have damaged one that was.
/// </summary>
/// <param name="Position">Up to where the file is whole, in bytes.</param>
/// <param name="Dropped">How many bytes were cut off.</param>
/// <param name="Kept">What the store holds without them.</param>
public sealed record ChatStoreDamage(long Position, long Dropped, ChatStoreContent Kept)
{
    /// <summary>Without the messages, so that a log may hold it.</summary>
    public override string ToString() =>
        $"{Dropped} bytes after byte {Position} were no whole entry and were dropped. Kept: "
        + (Kept.Cursor is { } cursor ? $"the cursor at {cursor.Seq}, " : "no cursor, ")
        + $"{Kept.Outbox.Count} messages that are not acknowledged.";
}
