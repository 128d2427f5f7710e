using System.Text;

namespace Chatable.Tests.Faults.Proxy;

/// <summary>
/// Replaces words with others of the same length if they arrive in one piece. It injects a bug into a process that has none.
/// </summary>
internal sealed class Rewrite
{
    private readonly byte[] _from;
    private readonly byte[] _to;

    public Rewrite(string from, string to)
    {
        (_from, _to) = (Encoding.ASCII.GetBytes(from), Encoding.ASCII.GetBytes(to));
        if (_from.Length != _to.Length)
            throw new ArgumentException($"'{to}' is not as long as '{from}'.", nameof(to));
    }

    public void Apply(Span<byte> bytes)
    {
        for (var at = bytes.IndexOf(_from); at >= 0; at = bytes.IndexOf(_from))
        {
            _to.CopyTo(bytes[at..]);
            bytes = bytes[(at + _to.Length)..];
        }
    }
}
