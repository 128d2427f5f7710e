using System.Collections.Immutable;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sync;

/// <summary>
/// Wakes whoever waits for a user's log to grow. A signal only says that looking is worth while; whoever adds them bounds their number.
/// </summary>
internal sealed class LogSignals : IDispatchHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ImmutableList<LogSignal>> _byUser = [];

    /// <summary>The user's signals, the oldest first.</summary>
    public ImmutableList<LogSignal> Of(long user)
    {
        lock (_gate)
            return _byUser.GetValueOrDefault(user, []);
    }

    public LogSignal Add(long user)
    {
        var signal = new LogSignal(user, this);
        lock (_gate)
            _byUser[user] = Of(user).Add(signal);
        return signal;
    }

    public void Remove(LogSignal signal)
    {
        lock (_gate)
        {
            var left = Of(signal.User).Remove(signal);
            if (left.IsEmpty)
                _byUser.Remove(signal.User);
            else
                _byUser[signal.User] = left;
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
internal sealed class LogSignal(long user, LogSignals signals) : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0);

    public long User => user;

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
