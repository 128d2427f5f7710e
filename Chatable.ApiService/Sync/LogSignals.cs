using System.Collections.Immutable;
using Chatable.ApiService.Auth;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sync;

/// <summary>
/// Wakes whoever waits for a user's log to grow. A signal only says that looking is worth while; whoever adds them bounds their number.
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

    /// <summary>The user's signals, the oldest first.</summary>
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

    public void Handle(in MessageStored stored) => Raise(stored.Recipients);

    public void Handle(in MessageRepeated repeated) => Raise(repeated.Heads);

    /// <summary>It makes no log grow.</summary>
    public void Handle(in MessageRefused refused)
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

/// <summary>One wait for one user's log.</summary>
internal sealed class LogSignal(AuthenticatedUser user, LogSignals signals) : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0);

    public AuthenticatedUser User => user;

    /// <summary>Whether the one who waits is asked to make room for somebody else.</summary>
    public bool IsDismissed { get; private set; }

    /// <summary>Returns when it is raised, or was since it was last waited for, or the time is over.</summary>
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
            // Nobody waits any more.
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
