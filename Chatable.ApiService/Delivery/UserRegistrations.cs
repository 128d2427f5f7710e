namespace Chatable.ApiService.Delivery;

internal delegate Task ChangeRegistration(IReadOnlyCollection<long> users, CancellationToken cancellationToken);

/// <summary>
/// Which users this server is registered for: from the first connection of each to the last. Changes of one user go one after the
/// other, or a removal that lags could undo a later registration and its pushes would go nowhere.
/// </summary>
internal sealed class UserRegistrations(ChangeRegistration add, ChangeRegistration remove) : IDisposable
{
    private const int Stripes = 256;

    // More are left where they are: each costs a few pushes, until its key ends or this process does.
    private const int MaxLeftovers = 10_000;

    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];
    private readonly Dictionary<long, int> _counts = [];

    // Perhaps in the registry without a connection here, since it could not be told otherwise.
    private readonly HashSet<long> _leftovers = [];

    public IReadOnlyCollection<long> Users
    {
        get
        {
            lock (_counts)
                return [.. _counts.Keys];
        }
    }

    /// <summary>Returns when the registry has the user; where it fails, nothing is counted.</summary>
    public Task AcquireAsync(long user, CancellationToken cancellationToken) => InTurnAsync(user, async () =>
    {
        if (CountOf(user) == 0)
            await AddAsync(user, cancellationToken);
        Count(user, 1);
    }, cancellationToken);

    /// <summary>
    /// Counted at once, whatever becomes of the rest. Where the removal fails the registry keeps a user it need not have, so that a few
    /// pushes are passed over, until <see cref="SettleAsync"/>.
    /// </summary>
    public Task ReleaseAsync(long user, CancellationToken cancellationToken)
    {
        Count(user, -1);
        return RemoveUnusedAsync(user, cancellationToken);
    }

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
        foreach (var user in leftovers)
            await RemoveUnusedAsync(user, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var gate in _gates)
            gate.Dispose();
    }

    private async Task InTurnAsync(long user, Func<Task> change, CancellationToken cancellationToken)
    {
        var gate = _gates[(ulong)user % Stripes];
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
            Count(user, 0);
            throw;
        }
    }

    private async Task RemoveUnusedAsync(long user, CancellationToken cancellationToken)
    {
        if (!IsLeftover(user))
            return;

        await InTurnAsync(user, async () =>
        {
            if (!IsLeftover(user))
                return;

            await remove([user], cancellationToken).WaitAsync(cancellationToken);
            lock (_counts)
                _leftovers.Remove(user);
        }, cancellationToken);
    }

    private int CountOf(long user)
    {
        lock (_counts)
            return _counts.GetValueOrDefault(user);
    }

    private bool IsLeftover(long user)
    {
        lock (_counts)
            return _leftovers.Contains(user);
    }

    private void Count(long user, int change)
    {
        lock (_counts)
        {
            var count = _counts.GetValueOrDefault(user) + change;
            if (count > 0)
            {
                _counts[user] = count;
                _leftovers.Remove(user);
            }
            else
            {
                _counts.Remove(user);
                if (_leftovers.Count < MaxLeftovers)
                    _leftovers.Add(user);
            }
        }
    }
}
