using Chatable.ApiService.Sending;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Messages;

/// <summary>Whether a user's request to send may proceed.</summary>
internal enum SendPermit
{
    Granted,

    /// <summary>The user sends faster than allowed.</summary>
    TooFast,

    /// <summary>The user has the most waiting requests allowed.</summary>
    TooMany,
}

/// <summary>
/// Limits each user's requests: the same message rate as one socket, and a share of the waiting requests. It only tracks users who have
/// sent recently.
/// </summary>
internal sealed class SendBudgets(IOptions<MessagesOptions> options, TimeProvider clock)
{
    private const int LeastSweep = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Budget> _users = [];
    private int _sweepAt = LeastSweep;

    /// <summary>The number of users currently tracked.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _users.Count;
        }
    }

    /// <summary>A granted permit must be returned with <see cref="Leave"/>.</summary>
    public SendPermit Enter(long user)
    {
        lock (_gate)
        {
            var budget = BudgetOf(user);
            if (budget.Waiting >= options.Value.WaitingPerUser)
                return SendPermit.TooMany;
            if (!budget.Rate.TryTake())
                return SendPermit.TooFast;
            budget.Waiting++;
            return SendPermit.Granted;
        }
    }

    public void Leave(long user)
    {
        lock (_gate)
            BudgetOf(user).Waiting--;
    }

    private Budget BudgetOf(long user)
    {
        if (_users.TryGetValue(user, out var budget))
            return budget;
        if (_users.Count >= _sweepAt)
            Sweep();
        return _users[user] = new Budget(new TokenBucket(options.Value.RequestsPerSecond, options.Value.RequestBurst, clock));
    }

    // A user who has sent nothing for a while has the same budget as a new one.
    private void Sweep()
    {
        foreach (var (user, budget) in _users)
        {
            if (budget.Waiting == 0 && budget.Rate.IsFull)
                _users.Remove(user);
        }

        _sweepAt = Math.Max(LeastSweep, 2 * _users.Count);
    }

    private sealed class Budget(TokenBucket rate)
    {
        public TokenBucket Rate => rate;

        public int Waiting { get; set; }
    }
}
