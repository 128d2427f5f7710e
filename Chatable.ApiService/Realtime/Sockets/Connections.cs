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

/// <summary>Finds a live access key. Null if it has ended. Throws if the database fails.</summary>
internal delegate ValueTask<AccessKey?> FindAccessKey(string accessKeyId, CancellationToken cancellationToken);

/// <summary>
/// Opens connections so that no message is lost between the log and the pushes. The order is fixed: add the connection to the table (pushes
/// are held from now on); register the user, and wait for it; read the head; go live after the head, or after the seq in a v2 client's
/// hello. Everything committed before the head was read is at or below it. Everything committed later is published to this server, because
/// the registry lists it. The session takes the last two steps.
/// </summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed partial class Connections(
    ConnectionTable table, UserRegistrations registrations, IsRegistered isRegistered, FindAccessKey findKey, ReadLog readLog,
    SessionServices session, IOptions<DeliveryOptions> delivery, DeliveryMetrics metrics, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<Connections>();
    private readonly ILogger<Connection> _connectionLogger = loggers.CreateLogger<Connection>();

    /// <summary>
    /// Returns a connection that still needs its socket, or null if none can be opened now. Pass it to <see cref="EndAsync"/> at the end.
    /// </summary>
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
            // A revocation that came before this connection was in the table did not close it. A later one finds it there.
            if (await findKey(user.AccessKeyId, timeout.Token) is null)
                connection.Close(CloseCode.TokenEnded);
            return connection;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Redis or PostgreSQL is unavailable: the client is told to reconnect.
            LogNotOpened(_logger, exception, user.UserId);
            await AbandonAsync(connection, registered);
            return null;
        }
        catch
        {
            // The client has disconnected. Whichever exception reports that, nothing else would remove the connection.
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
            // The user stays registered, which costs a few pushes that this server skips.
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
