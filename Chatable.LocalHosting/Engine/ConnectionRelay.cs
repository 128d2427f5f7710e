using System.Buffers;
using System.Net.Sockets;

namespace Chatable.LocalHosting;

/// <summary>
/// Copies bytes both ways between two sockets. One side's end of sending is passed on while the other direction goes on; a broken
/// connection breaks its other half. An idle connection holds no buffer.
/// </summary>
internal static class ConnectionRelay
{
    private const int BufferSize = 32 * 1024;

    public static async Task RunAsync(Socket client, Socket server, CancellationToken cancellationToken)
    {
        client.NoDelay = true;
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(CopyAsync(client, server, broken), CopyAsync(server, client, broken));
        if (broken.IsCancellationRequested)
        {
            Reset(client);
            Reset(server);
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        try
        {
            while (await CopyOnceAsync(from, to, broken.Token))
            {
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            await broken.CancelAsync();
        }
    }

    // A reset, where an orderly close would look like the end of a complete stream.
    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close(timeout: 0);
    }

    private static async Task<bool> CopyOnceAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        // Completes when there is something to read, so that a buffer is rented only then.
        await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var read = await from.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
            for (var sent = 0; sent < read;)
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, cancellationToken);
            return read > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
