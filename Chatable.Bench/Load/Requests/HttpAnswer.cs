using System.Globalization;
using Chatable.Bench.Load.Frames;

namespace Chatable.Bench.Load.Requests;

/// <summary>Whether an answer is whole: by its length, or by the chunk of none that ends it.</summary>
internal static class HttpAnswer
{
    private const int StatusAt = 9;

    /// <param name="bytes">All that has come; nothing follows an answer until the next request.</param>
    /// <param name="status">Of the answer.</param>
    /// <param name="bodyAt">Where its body begins.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out int status, out int bodyAt)
    {
        (status, bodyAt) = (0, bytes.IndexOf("\r\n\r\n"u8) + 4);
        if (bodyAt < 4)
            return false;
        var head = bytes[..bodyAt];
        status = int.Parse(head.Slice(StatusAt, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var length = JsonScan.Number(head, "Content-Length: "u8);
        return length >= 0
            ? bytes.Length - bodyAt >= length
            : head.IndexOf("Transfer-Encoding: chunked"u8) < 0 || bytes.EndsWith("0\r\n\r\n"u8);
    }
}
