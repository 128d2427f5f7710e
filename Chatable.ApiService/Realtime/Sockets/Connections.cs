using System.Diagnostics.CodeAnalysis;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sessions.V1;
using Chatable.ApiService.Realtime.Sessions.V2;
using Chatable.ApiService.Sending;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>Whether the registry counts this server as alive.</summary>
internal delegate bool IsRegistered();

/// <summary>A live access key; null where it has ended. It fails where the database does.</summary>
internal delegate ValueTask<AccessKey?> FindAccessKey(string accessKeyId, CancellationToken cancellationToken);

/// <summary>
/// Opens connections so that nothing falls between the log and the pushes. In this order: into the table (pushes are held from
/// now on); into the registry, and wait for it; read the head; go live after it, or after where a v2 client's hello says. What is
/// committed before the head is read is below it, and what is committed later is routed to a registry that has this server. No step
/// may move; the last two are the session's.
/// </summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed partial class Connections(
    ConnectionTable table, UserRegistrations registrations, IsRegistered isRegistered, FindAccessKey findKey, ReadLog readLog,
    SessionServices session, IOptions<DeliveryOptions> delivery, DeliveryMetrics metrics, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<Connections>();
    private readonly ILogger<Connection> _connectionLogger = loggers.CreateLogger<Connection>();

    /// <summary>A connection that still needs its socket; null where it cannot be had now. To be given to <see cref="EndAsync"/>.</summary>
    public async Task<Connection?> OpenAsync(
        AuthenticatedUser user, ProtocolVersion protocol, CancellationToken cancellationToken)
    {
        if (!isRegistered())
            return null;

        var connection = Create(user, protocol);
        table.Add(connection);
        var registered = false;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(session.Options.Times.Setup);
        try
        {
            await registrations.AcquireAsync(user.UserId, timeout.Token);
            registered = true;
            await connection.Session.OpenAsync(connection.Log, timeout.Token);
            // A revocation that came before this connection was in the table has closed nothing; a later one finds it there.
            if (await findKey(user.AccessKeyId, timeout.Token) is null)
                connection.Close(CloseCode.TokenEnded);
            return connection;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Redis or PostgreSQL is away: the client is told to come back.
            LogNotOpened(_logger, exception, user.UserId);
            await AbandonAsync(connection, registered);
            return null;
        }
        catch
        {
            // The client has gone, however its call ended: nobody else would take the connection out again.
            await AbandonAsync(connection, registered);
            throw;
        }
    }

    public Task EndAsync(Connection connection) => AbandonAsync(connection, registered: true);

    private async Task AbandonAsync(Connection connection, bool registered)
    {
        connection.Close(CloseCode.Normal);
        table.Remove(connection);
        if (!registered)
            return;

        using var timeout = new CancellationTokenSource(session.Options.Times.Setup, session.Clock);
        try
        {
            await registrations.ReleaseAsync(connection.User.UserId, timeout.Token);
        }
        catch (Exception exception)
        {
            // It stays in the registry and costs a few pushes that are passed over.
            LogNotReleased(_logger, exception, connection.User.UserId);
        }
    }

    private Connection Create(AuthenticatedUser user, ProtocolVersion version)
    {
        var id = ConnectionIds.Next();
        var writer = new SocketWriter(session.Options, session.Clock, session.Metrics);
        var sender = new Sender(user, id);
        IProtocolSession protocol = version == ProtocolVersion.V2
            ? new V2Session(sender, writer, session, () => Identified(id))
            : new V1Session(sender, writer, session);
        var cursor = new LogCursor(user.UserId, writer, protocol.Deliver, protocol.GoOn, readLog, delivery.Value, session.Clock, metrics);
        var pulse = new Pulse(session.Options, session.Clock, session.Metrics);
        return new Connection(
            id, user, writer, cursor, protocol, pulse, session.Options, session.Clock, session.Metrics, _connectionLogger);
    }

    private void Identified(long id)
    {
        if (table.Find(id) is { } connection)
            table.Identified(connection);
    }

    [LoggerMessage(LogLevel.Warning, "A connection of user {UserId} could not be opened.")]
    private static partial void LogNotOpened(ILogger logger, Exception exception, long userId);

    [LoggerMessage(LogLevel.Warning, "User {UserId} could not be taken out of the registry.")]
    private static partial void LogNotReleased(ILogger logger, Exception exception, long userId);
}
