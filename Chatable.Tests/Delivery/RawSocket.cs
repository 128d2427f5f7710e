using System.Net.Sockets;
using System.Text;
using Chatable.Tests.Support;

namespace Chatable.Tests.Delivery;

/// <summary>A WebSocket client that can write arbitrary bytes.</summary>
internal sealed class RawSocket : IDisposable
{
    public const byte Continuation = 0x0, Text = 0x1, Binary = 0x2, Close = 0x8, Ping = 0x9, Pong = 0xA;
    public const byte Final = 0x80;

    private readonly TcpClient _client = new();

    public Stream Stream { get; private set; } = Stream.Null;

    /// <summary>Connects; <paramref name="secure"/> adds TLS to the connection.</summary>
    public static async Task<RawSocket> ConnectAsync(
        Uri server, ChatToken token, CancellationToken cancellationToken, int? receiveBuffer = null,
        Func<Stream, Task<Stream>>? secure = null)
    {
        var raw = new RawSocket();
        if (receiveBuffer is { } size)
            raw._client.ReceiveBufferSize = size;
        await raw._client.ConnectAsync(server.Host, server.Port, cancellationToken);
        raw.Stream = secure is null ? raw._client.GetStream() : await secure(raw._client.GetStream());
        var handshake = $"""
            GET /api/ws HTTP/1.1
            Host: {server.Authority}
            Authorization: Bearer {token.ToJwt()}
            Connection: Upgrade
            Upgrade: websocket
            Sec-WebSocket-Version: 13
            Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==


            """.ReplaceLineEndings("\r\n");
        await raw.Stream.WriteAsync(Encoding.ASCII.GetBytes(handshake), cancellationToken);
        var answer = new StringBuilder();
        while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            answer.Append((char)(await raw.ReadAsync(1, cancellationToken))[0]);
        Assert.StartsWith("HTTP/1.1 101", answer.ToString());
        return raw;
    }

    /// <summary>A masked frame with an all-zero key; <paramref name="first"/> is its first byte: FIN, RSV and the opcode.</summary>
    public static byte[] Frame(int first, ReadOnlySpan<byte> payload, ulong? claimedLength = null)
    {
        var length = claimedLength ?? (ulong)payload.Length;
        byte[] header = length switch
        {
            < 126 => [(byte)(0x80 | length)],
            < 65536 => [0x80 | 126, (byte)(length >> 8), (byte)length],
            _ => [0x80 | 127, .. BitConverter.GetBytes(length).Reverse()],
        };
        return [(byte)first, .. header, 0, 0, 0, 0, .. payload];
    }

    public async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken) => await Stream.WriteAsync(bytes, cancellationToken);

    /// <summary>The server's next frame: its first byte and the payload; null if the connection ends first.</summary>
    public async Task<(byte First, byte[] Payload)?> ReadFrameAsync(CancellationToken cancellationToken)
    {
        try
        {
            var header = await ReadAsync(2, cancellationToken);
            var length = header[1] switch
            {
                126 => (await ReadAsync(2, cancellationToken)) is var two ? two[0] << 8 | two[1] : 0,
                var small => small,
            };
            return (header[0], await ReadAsync(length, cancellationToken));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The server's close code, or null if the connection ends without one. Skips the frames before it.</summary>
    public async Task<int?> WaitForEndAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(1));
        while (await ReadFrameAsync(timeout.Token) is { } frame)
        {
            if (frame.First == (Final | Close))
                return frame.Payload[0] << 8 | frame.Payload[1];
        }

        return null;
    }

    /// <summary>Whether the server has ended the connection, checked without reading.</summary>
    public bool HasEnded
    {
        get
        {
            const int Tcp = 6, TcpInfo = 11, Established = 1;
            Span<byte> state = stackalloc byte[1];
            _client.Client.GetRawSocketOption(Tcp, TcpInfo, state);
            return state[0] != Established;
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
