using System.Collections.Immutable;
using Chatable.ApiService.Auth;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sync;

/// <summary>
/// Wakes requests that wait for a user's log to grow. A signal only means that a check is worthwhile. The caller limits the number of
/// signals.
/// </summary>
internal sealed class LogSignals : IDispatchHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ImmutableList<LogSignal>> _byUser = [];

    public ImmutableArray<LogSignal> All
    {
        get
        {
            lock (_gate)
                return [.. _byUser.Values.SelectMany(signals => signals)];
        }
    }

    /// <summary>The user's signals, oldest first.</summary>
    public ImmutableList<LogSignal> Of(long user)
    {
        lock (_gate)
            return _byUser.GetValueOrDefault(user, []);
    }

    public LogSignal Add(AuthenticatedUser user)
    {
        var signal = new LogSignal(user, this);
        lock (_gate)
            _byUser[user.UserId] = Of(user.UserId).Add(signal);
        return signal;
    }

    public void Remove(LogSignal signal)
    {
        lock (_gate)
        {
            var user = signal.User.UserId;
            var left = Of(user).Remove(signal);
            if (left.IsEmpty)
                _byUser.Remove(user);
            else
                _byUser[user] = left;
        }
    }

    public void Handle(in EntryStored stored) => Raise(stored.Recipients);

    public void Handle(in CommandRepeated repeated) => Raise(repeated.Heads);

    /// <summary>Ignored, because a refusal does not extend any log.</summary>
    public void Handle(in CommandRefused refused)
    {
    }

    private void Raise(Recipients concerned)
    {
        foreach (var (user, _) in concerned)
        {
            foreach (var signal in Of(user))
                signal.Raise();
        }
    }
}

/// <summary>A wait for one user's log.</summary>
internal sealed class LogSignal(AuthenticatedUser user, LogSignals signals) : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0);

    public AuthenticatedUser User => user;

    /// <summary>Whether this request must make room for another.</summary>
    public bool IsDismissed { get; private set; }

    /// <summary>Returns when the signal is raised, was raised since the last wait, or the time is over.</summary>
    public async Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await _raised.WaitAsync(limit, cancellationToken);
        while (_raised.Wait(0, CancellationToken.None))
        {
        }
    }

    public void Raise()
    {
        try
        {
            if (_raised.CurrentCount == 0)
                _raised.Release();
        }
        catch (ObjectDisposedException)
        {
            // The wait is already over.
        }
    }

    public void Dismiss()
    {
        IsDismissed = true;
        Raise();
    }

    public void Dispose()
    {
        signals.Remove(this);
        _raised.Dispose();
    }
}
