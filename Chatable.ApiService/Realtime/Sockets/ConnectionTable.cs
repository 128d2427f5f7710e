using System.Collections.Concurrent;
using System.Collections.Immutable;
using Chatable.ApiService.Auth;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>The connections of this server, by number and by user. Reads take no lock.</summary>
internal sealed class ConnectionTable(IOptions<RealtimeOptions> options) : ITokenUses
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<long, Connection> _all = new();
    private readonly ConcurrentDictionary<long, ImmutableArray<Connection>> _byUser = new();
    private int _reserved;

    public IEnumerable<Connection> All => _all.Values;

    public IEnumerable<long> Users => _byUser.Keys;

    public IEnumerable<AuthenticatedUser> Holders => All.Select(connection => connection.User);

    public int Count => _all.Count;

    /// <summary>The user's connections that receive pushes, oldest first.</summary>
    public ImmutableArray<Connection> Of(long user) => _byUser.TryGetValue(user, out var connections) ? connections : [];

    public Connection? Find(long connectionId) => _all.GetValueOrDefault(connectionId);

    /// <summary>Reserves a place for one connection. Returns false if the server is full.</summary>
    public bool TryReserve()
    {
        if (Interlocked.Increment(ref _reserved) <= options.Value.MaxSockets)
            return true;
        Interlocked.Decrement(ref _reserved);
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _reserved);

    /// <summary>
    /// Pushes reach the connection from now on. If the user then has too many connections, another one is closed. A connection that has not
    /// yet named its device may exceed the limit by one, until <see cref="Identified"/> is called.
    /// </summary>
    public void Add(Connection connection)
    {
        _all[connection.Id] = connection;
        MakeRoom(connection, add: true, options.Value.SocketsPerUser + (connection.Session.IsIdentified ? 0 : 1));
    }

    /// <summary>The connection has named its device.</summary>
    public void Identified(Connection connection) => MakeRoom(connection, add: false, options.Value.SocketsPerUser);

    private void MakeRoom(Connection newest, bool add, int limit)
    {
        List<(Connection, CloseCode)> evicted = [];
        lock (_gate)
        {
            var connections = Of(newest.User.UserId);
            if (add)
                connections = connections.Add(newest);
            else if (!connections.Contains(newest))
                return;
            for (; connections.Length > limit; connections = connections.Remove(evicted[^1].Item1))
                evicted.Add(Evict(connections, newest));
            _byUser[newest.User.UserId] = connections;
        }

        foreach (var (connection, code) in evicted)
            connection.Close(code);
    }

    // Evicts connections whose client may be gone first: a phone that keeps losing its network leaves many, and must not close the
    // laptop's. Next come those of the same device, which it has left. In each group the oldest goes first.
    private static (Connection, CloseCode) Evict(ImmutableArray<Connection> connections, Connection newest)
    {
        bool IsSame(Connection other) => newest.Session.Device is { } device && other.Session.Device == device;

        var evicted = connections.Where(other => other != newest)
            .MinBy(other => other.Pulse.IsSilent ? 0 : IsSame(other) ? 1 : 2)!;
        return (evicted, IsSame(evicted) ? CloseCode.ReplacedBySame : CloseCode.Replaced);
    }

    public void Remove(Connection connection)
    {
        _all.TryRemove(connection.Id, out _);
        lock (_gate)
        {
            var left = Of(connection.User.UserId).Remove(connection);
            if (left.IsEmpty)
                _byUser.TryRemove(connection.User.UserId, out _);
            else
                _byUser[connection.User.UserId] = left;
        }
    }

    public void End(Predicate<AuthenticatedUser> hasEnded)
    {
        foreach (var connection in All.Where(connection => hasEnded(connection.User)))
            connection.Close(CloseCode.TokenEnded);
    }
}
