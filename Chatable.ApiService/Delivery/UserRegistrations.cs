namespace Chatable.ApiService.Delivery;

internal delegate Task ChangeRegistration(IReadOnlyCollection<long> users, CancellationToken cancellationToken);

/// <summary>
/// Tracks the users that this server is registered for, each from the first connection to the last. Changes for one user run one after the
/// other. Otherwise a delayed removal could undo a later registration, and the user's pushes would reach no server.
/// </summary>
internal sealed class UserRegistrations(ChangeRegistration add, ChangeRegistration remove, DeliveryMetrics metrics) : IDisposable
{
    private const int Stripes = 256;

    // Several times the number of users on a server, because all its sockets may end while Redis is unreachable. Beyond it, leftovers are
    // counted and not tracked: each costs a few pushes until its key expires or this process ends.
    private const int MaxLeftovers = 100_000;

    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];
    private readonly Dictionary<long, int> _counts = [];

    // Users who may be in the registry without a connection here, because the removal failed.
    private readonly HashSet<long> _leftovers = [];

    private int _connections;

    public IReadOnlyCollection<long> Users
    {
        get
        {
            lock (_counts)
                return [.. _counts.Keys];
        }
    }

    /// <summary>Returns once the registry has the user. If it fails, nothing is counted.</summary>
    public Task AcquireAsync(long user, CancellationToken cancellationToken) => InTurnAsync(StripeOf(user), async () =>
    {
        // Counted before the call, so that a concurrent registration of all users includes this user.
        if (Count(user, 1) == 1)
            await AddAsync(user, cancellationToken);
    }, cancellationToken);

    /// <summary>
    /// Counted at once, whether or not the removal succeeds. If it fails, the registry keeps a user without need, and this server skips a
    /// few pushes until <see cref="SettleAsync"/>.
    /// </summary>
    public Task ReleaseAsync(long user, CancellationToken cancellationToken) => Count(user, -1) > 0
        ? Task.CompletedTask
        : InTurnAsync(StripeOf(user), () => RemoveUnusedAsync([user], cancellationToken), cancellationToken);

    /// <summary>
    /// Must be called for users registered without taking a turn: someone's last connection may have ended in the meantime.
    /// </summary>
    public void Registered(IEnumerable<long> users)
    {
        foreach (var user in users)
            Count(user, 0);
    }

    /// <summary>Removes leftover users from the registry. Throws if the registry cannot be reached.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        long[] leftovers;
        lock (_counts)
            leftovers = [.. _leftovers];
        // Grouped by turn, because a heartbeat waits for this.
        foreach (var some in leftovers.GroupBy(StripeOf))
            await InTurnAsync(some.Key, () => RemoveUnusedAsync(some, cancellationToken), cancellationToken);
    }

    public void Dispose()
    {
        foreach (var gate in _gates)
            gate.Dispose();
    }

    private static int StripeOf(long user) => (int)((ulong)user % Stripes);

    private async Task InTurnAsync(int stripe, Func<Task> change, CancellationToken cancellationToken)
    {
        var gate = _gates[stripe];
        await gate.WaitAsync(cancellationToken);
        try
        {
            await change();
        }
        finally
        {
            gate.Release();
        }
    }

    // A cancelled call may still have reached the registry.
    private async Task AddAsync(long user, CancellationToken cancellationToken)
    {
        try
        {
            await add([user], cancellationToken).WaitAsync(cancellationToken);
        }
        catch
        {
            Count(user, -1);
            throw;
        }
    }

    // The leftovers are cleared first: a concurrent registration of all users adds them again.
    private async Task RemoveUnusedAsync(IEnumerable<long> users, CancellationToken cancellationToken)
    {
        long[] unused;
        lock (_counts)
            unused = [.. users.Where(_leftovers.Remove)];
        if (unused.Length == 0)
            return;

        try
        {
            await remove(unused, cancellationToken).WaitAsync(cancellationToken);
        }
        catch
        {
            Registered(unused);
            throw;
        }
    }

    private int Count(long user, int change)
    {
        int count;
        var isDropped = false;
        lock (_counts)
        {
            count = _counts.GetValueOrDefault(user) + change;
            _connections += change;
            if (count > 0)
            {
                _counts[user] = count;
                _leftovers.Remove(user);
            }
            else
            {
                _counts.Remove(user);
                isDropped = _leftovers.Count >= MaxLeftovers && !_leftovers.Contains(user);
                if (!isDropped)
                    _leftovers.Add(user);
            }

            metrics.Registered(_connections, _counts.Count);
        }

        if (isDropped)
            metrics.Dropped("registrations");
        return count;
    }
}
