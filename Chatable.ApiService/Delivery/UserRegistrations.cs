namespace Chatable.ApiService.Delivery;

internal delegate Task ChangeRegistration(IReadOnlyCollection<long> users, CancellationToken cancellationToken);

/// <summary>
/// Which users this server is registered for: from the first connection of each to the last. Changes of one user go one after the
/// other, or a removal that lags could undo a later registration and its pushes would go nowhere.
/// </summary>
internal sealed class UserRegistrations(ChangeRegistration add, ChangeRegistration remove, DeliveryMetrics metrics) : IDisposable
{
    private const int Stripes = 256;

    // Several times what a server holds: all its sockets may end while Redis is away. More are counted and left where they are: each costs
    // a few pushes, until its key ends or this process does.
    private const int MaxLeftovers = 100_000;

    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];
    private readonly Dictionary<long, int> _counts = [];

    // Perhaps in the registry without a connection here, since it could not be told otherwise.
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

    /// <summary>Returns when the registry has the user; where it fails, nothing is counted.</summary>
    public Task AcquireAsync(long user, CancellationToken cancellationToken) => InTurnAsync(StripeOf(user), async () =>
    {
        // Counted before the call: whoever registers all users anew meanwhile must not leave this one out.
        if (Count(user, 1) == 1)
            await AddAsync(user, cancellationToken);
    }, cancellationToken);

    /// <summary>
    /// Counted at once, whatever becomes of the rest. Where the removal fails the registry keeps a user it need not have, so that a few
    /// pushes are passed over, until <see cref="SettleAsync"/>.
    /// </summary>
    public Task ReleaseAsync(long user, CancellationToken cancellationToken) => Count(user, -1) > 0
        ? Task.CompletedTask
        : InTurnAsync(StripeOf(user), () => RemoveUnusedAsync([user], cancellationToken), cancellationToken);

    /// <summary>To be told who was put into the registry beside the turns: somebody's last connection may have ended meanwhile.</summary>
    public void Registered(IEnumerable<long> users)
    {
        foreach (var user in users)
            Count(user, 0);
    }

    /// <summary>Takes out of the registry whom it should have been rid of before. It fails where the registry cannot be reached.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        long[] leftovers;
        lock (_counts)
            leftovers = [.. _leftovers];
        // Together, as far as their turns are: a heartbeat waits for it.
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

    // A call that was given up may have reached the registry.
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

    // The notes go first: whoever puts one of these users into the registry beside the turns notes it anew.
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
