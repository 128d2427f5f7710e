using System.Collections.Concurrent;
using System.Collections.Immutable;
using Chatable.ApiService.Auth;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>The connections of this server, by number and by user; read without a lock.</summary>
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

    /// <summary>The user's connections that are delivered to, the oldest first.</summary>
    public ImmutableArray<Connection> Of(long user) => _byUser.TryGetValue(user, out var connections) ? connections : [];

    public Connection? Find(long connectionId) => _all.GetValueOrDefault(connectionId);

    /// <summary>Keeps a place for one connection; false where the server is full.</summary>
    public bool TryReserve()
    {
        if (Interlocked.Increment(ref _reserved) <= options.Value.MaxSockets)
            return true;
        Interlocked.Decrement(ref _reserved);
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _reserved);

    /// <summary>Pushes reach the connection from now on. One connection too many closes the user's oldest.</summary>
    public void Add(Connection connection)
    {
        _all[connection.Id] = connection;
        var evicted = ImmutableArray<Connection>.Empty;
        lock (_gate)
        {
            var connections = Of(connection.User.UserId).Add(connection);
            var surplus = Math.Max(0, connections.Length - options.Value.SocketsPerUser);
            evicted = connections[..surplus];
            _byUser[connection.User.UserId] = connections[surplus..];
        }

        foreach (var oldest in evicted)
            oldest.Close(CloseCode.Replaced);
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
