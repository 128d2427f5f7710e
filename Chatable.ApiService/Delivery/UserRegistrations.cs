namespace Chatable.ApiService.Delivery;

internal delegate Task ChangeRegistration(IReadOnlyCollection<long> users, CancellationToken cancellationToken);

/// <summary>
/// Which users this server is registered for: from the first connection of each to the last. Changes of one user go one after the
/// other, or a removal that lags could undo a later registration and its pushes would go nowhere.
/// </summary>
internal sealed class UserRegistrations(ChangeRegistration add, ChangeRegistration remove) : IDisposable
{
    private const int Stripes = 256;

    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];
    private readonly Dictionary<long, int> _counts = [];

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
            await add([user], cancellationToken).WaitAsync(cancellationToken);
        Set(user, CountOf(user) + 1);
    }, cancellationToken);

    /// <summary>Where the removal fails the registry keeps a user it need not have: a few pushes are passed over, nothing else.</summary>
    public Task ReleaseAsync(long user, CancellationToken cancellationToken) => InTurnAsync(user, async () =>
    {
        Set(user, CountOf(user) - 1);
        if (CountOf(user) == 0)
            await remove([user], cancellationToken).WaitAsync(cancellationToken);
    }, cancellationToken);

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

    private int CountOf(long user)
    {
        lock (_counts)
            return _counts.GetValueOrDefault(user);
    }

    private void Set(long user, int count)
    {
        lock (_counts)
        {
            if (count > 0)
                _counts[user] = count;
            else
                _counts.Remove(user);
        }
    }
}
