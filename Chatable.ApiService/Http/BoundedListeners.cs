using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>
/// Kestrel's socket listeners, limited to as many connections as the process has file descriptors for. Kestrel's own limit refuses a
/// connection only after accepting it, so a burst would use up all descriptors before the first refusal. Further connections wait in the
/// system's backlog.
/// </summary>
#pragma warning disable CA1001 // Connections give their place back even after the host is gone, and without a wait handle it holds nothing.
internal sealed class BoundedListeners(IOptions<SocketTransportOptions> options, ILoggerFactory loggers) : IConnectionListenerFactory
#pragma warning restore CA1001
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);
    private readonly SemaphoreSlim _room = new(FileDescriptors.OfThisProcess.Connections);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await _sockets.BindAsync(endpoint, cancellationToken), _room);

    private sealed class Listener(IConnectionListener sockets, SemaphoreSlim room) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => sockets.EndPoint;

        /// <summary>Returns null when unbound, like every listener.</summary>
        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await room.WaitAsync(_unbound.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            ConnectionContext? connection = null;
            try
            {
                connection = await sockets.AcceptAsync(cancellationToken);
                connection?.ConnectionClosed.UnsafeRegister(static state => ((SemaphoreSlim)state!).Release(), room);
                return connection;
            }
            finally
            {
                if (connection is null)
                    room.Release();
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await sockets.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await sockets.DisposeAsync();
            _unbound.Dispose();
        }
    }
}
