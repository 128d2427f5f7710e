using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Processes;

namespace Chatable.Bench.Subjects;

/// <summary>A running system that passes messages on: ours, or one it is compared with.</summary>
internal abstract class Subject : IAsyncDisposable
{
    /// <summary>What its figures stand under.</summary>
    public abstract string Name { get; }

    public abstract int Replicas { get; }

    /// <summary>Everything that works for it; those of one name are added up.</summary>
    public abstract IReadOnlyList<ServerProcess> Processes { get; }

    /// <summary>The name of those of them that hold the clients' sockets.</summary>
    public abstract string SocketProcess { get; }

    /// <summary>A v2 client's way of talking to it, or the only one there is.</summary>
    public abstract Protocol Protocol { get; }

    /// <summary>Whether it keeps what it passes on.</summary>
    public virtual bool Stores => false;

    /// <summary>Makes sure of so many users.</summary>
    public virtual Task PrepareAsync(int users, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Where a user connects on a replica.</summary>
    public abstract Seat Seat(int user, int replica);

    /// <summary>How many messages it holds: the lowest of all ways to count them.</summary>
    public virtual Task<long> CountStoredAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    /// <summary>Lets its stores do what they do now and then, so that it falls into no measured run.</summary>
    public virtual Task TidyUpAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
