using System.Net;
using System.Net.Sockets;

namespace Chatable.Bench.Load.Requests;

/// <summary>
/// A kept-alive HTTP connection by hand, one request at a time, blocking: for the few threads that read as fast as they are answered.
/// </summary>
internal sealed class HttpLine : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[512 * 1024];

    public HttpLine(IPEndPoint server)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.ReceiveTimeout = 30_000;
        _socket.Connect(server);
    }

    /// <returns>The status, and the body as it came, in chunks or not; valid until the next request.</returns>
    public (int Status, ReadOnlyMemory<byte> Body) Ask(ReadOnlySpan<byte> request)
    {
        for (var sent = 0; sent < request.Length;)
            sent += _socket.Send(request[sent..]);
        var length = 0;
        while (true)
        {
            var received = _socket.Receive(_buffer.AsSpan(length));
            if (received == 0)
                throw new IOException("The server hung up in the middle of an answer.");
            length += received;
            if (HttpAnswer.TryRead(_buffer.AsSpan(0, length), out var status, out var bodyAt))
                return (status, _buffer.AsMemory(bodyAt, length - bodyAt));
        }
    }

    public void Dispose() => _socket.Dispose();
}
