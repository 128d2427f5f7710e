using System.Text;

namespace Chatable.Bench.Load.Frames;

/// <summary>A frame written once, with places into which each message's index is written.</summary>
internal sealed class MessageTemplate
{
    private readonly byte[] _bytes;
    private readonly int[] _holes;

    /// <param name="text">With a <see cref="Marker.Hole"/> wherever the index goes.</param>
    public MessageTemplate(string text)
    {
        _bytes = Encoding.UTF8.GetBytes(text);
        _holes = [.. Holes(text)];
    }

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<byte> Fill(long index)
    {
        foreach (var hole in _holes)
            Marker.WriteIndex(_bytes.AsSpan(hole, Marker.IndexDigits), index);
        return _bytes;
    }

    private static IEnumerable<int> Holes(string text)
    {
        for (var at = text.IndexOf(Marker.Hole, StringComparison.Ordinal); at >= 0;
             at = text.IndexOf(Marker.Hole, at + Marker.IndexDigits, StringComparison.Ordinal))
        {
            yield return at;
        }
    }
}
