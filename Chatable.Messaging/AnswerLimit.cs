using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Internal;

namespace Chatable.Messaging;

/// <summary>
/// Limits how long PostgreSQL may take to answer, whole transactions included. At the limit the connection's socket is closed, and it is
/// then unknown whether the server did the work. The driver's own timeout and cancellation token are not used. Both first ask the server to
/// cancel over another connection, and wait for that connection however long it takes. On a silent network that wait blocks a thread
/// forever. Cancelling also lets a commit succeed that was waiting for a synchronous standby, although no standby has it. Queries that run
/// within this limit therefore get no token.
/// </summary>
internal static class AnswerLimit
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    // Nearly all answers arrive within this time. A closed connection has to be replaced.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="ask"/> on an open connection. After cancellation the answer has one more second to arrive.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL did not answer in time. The inner exception is a
    /// <see cref="TimeoutException"/>.</exception>
    public static async Task<T> AskAsync<T>(
        this NpgsqlConnection connection, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var end = new CancellationTokenSource(s_limit, TimeProvider.System);
        var connector = ConnectorOf(connection)!;
        // Both registrations end before the connection returns to the pool, where another caller may take it.
        await using var closing = end.Token.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), SocketOf(connector));
        await using var unwanted = cancellationToken.UnsafeRegister(
            static end => ((CancellationTokenSource)end!).CancelAfter(s_grace), end);
        try
        {
            return await ask();
        }
        catch (Exception failure) when (end.IsCancellationRequested)
        {
            // The driver may not have noticed, and would still treat the connection as usable.
            Break(connector, failure, markHostAsOfflineOnConnecting: false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new NpgsqlException("PostgreSQL has not answered in time.", new TimeoutException("The connection was closed.", failure));
        }
    }

    /// <summary>Runs <paramref name="ask"/> within the same limit, on a connection opened for it.</summary>
    public static async Task<T> AskAsync<T>(
        this NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.AskAsync(() => ask(connection), cancellationToken);
    }

    // The driver does not expose the socket. All its ways to close a connection wait for the answer first. A test fails if a later version
    // of the driver no longer has these members.
#pragma warning disable NPG9001
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connector")]
    private static extern NpgsqlConnector? ConnectorOf(NpgsqlConnection connection);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_socket")]
    private static extern ref Socket SocketOf(NpgsqlConnector connector);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Break")]
    private static extern Exception Break(NpgsqlConnector connector, Exception reason, bool markHostAsOfflineOnConnecting);
#pragma warning restore NPG9001
}
