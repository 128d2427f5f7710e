using Chatable.ApiService.Messages;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Sending;

public class SendBudgetsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly SendBudgets _budgets;

    public SendBudgetsTests() => _budgets = new SendBudgets(Options.Create(new MessagesOptions { WaitingPerUser = 3 }), _clock);

    [Fact]
    public void AUserMaySendABurstAndThenTheRate()
    {
        Assert.Equal(30, Granted(user: 1, attempts: 100));
        Assert.Equal(30, Granted(user: 2, attempts: 100));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Granted(user: 1, attempts: 100));
    }

    [Fact]
    public void NoMoreOfAUsersRequestsWaitThanMayAndNoneIsPaidForThatMayNot()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(SendPermit.Granted, _budgets.Enter(1));
        for (var i = 0; i < 100; i++)
            Assert.Equal(SendPermit.TooMany, _budgets.Enter(1));
        Assert.Equal(SendPermit.Granted, _budgets.Enter(2));

        _budgets.Leave(1);
        Assert.Equal(SendPermit.Granted, _budgets.Enter(1));
    }

    [Fact]
    public void WhoHasSentNothingForAWhileIsForgottenAndWhoWaitsIsNot()
    {
        Assert.Equal(SendPermit.Granted, _budgets.Enter(1));
        for (var round = 0; round < 20; round++)
        {
            for (var user = 0; user < 1000; user++)
                Granted(user: 10 + round * 1000 + user, attempts: 1);
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.InRange(_budgets.Count, 1, 3000);
        Assert.Equal(SendPermit.Granted, _budgets.Enter(1));
        Assert.Equal(SendPermit.Granted, _budgets.Enter(1));
        Assert.Equal(SendPermit.TooMany, _budgets.Enter(1));
    }

    private int Granted(long user, int attempts)
    {
        var granted = 0;
        for (var i = 0; i < attempts; i++)
        {
            if (_budgets.Enter(user) != SendPermit.Granted)
                continue;
            granted++;
            _budgets.Leave(user);
        }

        return granted;
    }
}
