using System.Buffers.Binary;
using System.Collections;
using System.Runtime.CompilerServices;

namespace Chatable.Messaging.Wire;

/// <summary>The seq of a message in one user's log.</summary>
public readonly record struct Recipient(long UserId, long Seq);

/// <summary>
/// The users that a message concerns, in the binary form of the queue, so that reading them costs nothing: <c>n × (i64 user, i64 seq)</c>.
/// </summary>
[CollectionBuilder(typeof(Recipients), nameof(Create))]
public readonly struct Recipients : IReadOnlyList<Recipient>, IEquatable<Recipients>
{
    internal const int Unit = 16;

    internal Recipients(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    internal ReadOnlyMemory<byte> Bytes { get; }

    public int Count => Bytes.Length / Unit;

    public Recipient this[int index]
    {
        get
        {
            var span = Bytes.Span.Slice(index * Unit, Unit);
            return new Recipient(BinaryPrimitives.ReadInt64LittleEndian(span), BinaryPrimitives.ReadInt64LittleEndian(span[8..]));
        }
    }

    public static bool operator ==(Recipients one, Recipients other) => one.Equals(other);

    public static bool operator !=(Recipients one, Recipients other) => !one.Equals(other);

    public static Recipients Create(ReadOnlySpan<Recipient> recipients)
    {
        var bytes = new byte[recipients.Length * Unit];
        for (var i = 0; i < recipients.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * Unit), recipients[i].UserId);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * Unit + 8), recipients[i].Seq);
        }

        return new Recipients(bytes);
    }

    public bool Equals(Recipients other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override bool Equals(object? obj) => obj is Recipients other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }

    public Enumerator GetEnumerator() => new(this);

    IEnumerator<Recipient> IEnumerable<Recipient>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public struct Enumerator(Recipients recipients) : IEnumerator<Recipient>
    {
        private int _at = -1;

        public readonly Recipient Current => recipients[_at];

        readonly object IEnumerator.Current => Current;

        public bool MoveNext() => ++_at < recipients.Count;

        public void Reset() => _at = -1;

        public readonly void Dispose()
        {
        }
    }
}
