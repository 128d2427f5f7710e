using System.Text;

namespace Chatable.Bench.Load.Frames;

internal enum UpgradeAnswer
{
    Partial,
    Accepted,
    Refused,
}

/// <summary>The HTTP request that opens a WebSocket, and its answer.</summary>
internal static class Upgrade
{
    // Any 16 bytes: the server's hash of it is proof against mixed-up proxies, of which there are none here.
    private const string Key = "Y2hhdGFibGUtYmVuY2gtMQ==";

    /// <param name="pathAndQuery">Where the server takes WebSockets.</param>
    /// <param name="headers">Further header lines, each with its line end.</param>
    public static byte[] Request(string pathAndQuery, string headers) => Encoding.ASCII.GetBytes(
        $"GET {pathAndQuery} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Key}\r\n{headers}\r\n");

    /// <param name="bytes">What has come so far.</param>
    /// <param name="length">Of the answer, which frames may follow.</param>
    public static UpgradeAnswer Read(ReadOnlySpan<byte> bytes, out int length)
    {
        length = bytes.IndexOf("\r\n\r\n"u8) + 4;
        if (length < 4)
            return UpgradeAnswer.Partial;
        return bytes.StartsWith("HTTP/1.1 101 "u8) ? UpgradeAnswer.Accepted : UpgradeAnswer.Refused;
    }
}
