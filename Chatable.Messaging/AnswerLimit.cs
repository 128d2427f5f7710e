using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Internal;

namespace Chatable.Messaging;

/// <summary>
/// How long PostgreSQL may take, a transaction included. After that the connection's socket is closed, and whether the server did what it
/// was asked is not known. The driver's own ways to give up, a timeout and a token, first ask the server by another connection to cancel,
/// and wait for that connection's end however long it takes. Where the network is silent, that holds a thread for good; and a commit that
/// waits for a synchronous standby succeeds when it is cancelled, although no standby has it. So what is asked within this gets no token.
/// </summary>
internal static class AnswerLimit
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    // Nearly all answers come within it, and a connection that is closed has to be made anew.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    /// <summary>Asks, on an open connection; once nobody wants the answer any more, there is a second left for it to come.</summary>
    /// <exception cref="NpgsqlException">There was no answer in time; its cause is a <see cref="TimeoutException"/>.</exception>
    public static async Task<T> AskAsync<T>(
        this NpgsqlConnection connection, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var end = new CancellationTokenSource(s_limit, TimeProvider.System);
        var connector = ConnectorOf(connection)!;
        // Both are over before the connection goes back to the pool, where it is somebody else's.
        await using var closing = end.Token.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), SocketOf(connector));
        await using var unwanted = cancellationToken.UnsafeRegister(
            static end => ((CancellationTokenSource)end!).CancelAfter(s_grace), end);
        try
        {
            return await ask();
        }
        catch (Exception failure) when (end.IsCancellationRequested)
        {
            // The driver may not have noticed, and would take the connection for one in use.
            Break(connector, failure, markHostAsOfflineOnConnecting: false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new NpgsqlException("PostgreSQL has not answered in time.", new TimeoutException("The connection was closed.", failure));
        }
    }

    /// <summary>The same on a connection of its own.</summary>
    public static async Task<T> AskAsync<T>(
        this NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.AskAsync(() => ask(connection), cancellationToken);
    }

    // The driver gives nobody the socket, and has no way to close a connection that does not first wait for the answer. A test tells where
    // another version has them no more.
#pragma warning disable NPG9001
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connector")]
    private static extern NpgsqlConnector? ConnectorOf(NpgsqlConnection connection);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_socket")]
    private static extern ref Socket SocketOf(NpgsqlConnector connector);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Break")]
    private static extern Exception Break(NpgsqlConnector connector, Exception reason, bool markHostAsOfflineOnConnecting);
#pragma warning restore NPG9001
}
