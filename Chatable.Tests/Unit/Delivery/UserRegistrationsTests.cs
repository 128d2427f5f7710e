using System.Diagnostics.Metrics;
using Chatable.ApiService.Delivery;
using Chatable.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Unit.Delivery;

public class UserRegistrationsTests
{
    private readonly IMeterFactory _meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private readonly List<string> _calls = [];
    private readonly Dictionary<string, TaskCompletionSource> _pending = [];

    [Fact]
    public async Task OnlyTheFirstConnectionRegistersAndOnlyTheLastOneLeaves()
    {
        using var registrations = Create();
        await registrations.AcquireAsync(1, default);
        await registrations.AcquireAsync(1, default);
        await registrations.ReleaseAsync(1, default);
        Assert.Equal([1L], registrations.Users);
        await registrations.ReleaseAsync(1, default);

        Assert.Equal(["add 1", "remove 1"], _calls);
        Assert.Empty(registrations.Users);
    }

    [Fact]
    public async Task AConnectionThatComesDuringTheRemovalRegistersAfterIt()
    {
        using var registrations = Create();
        await registrations.AcquireAsync(1, default);
        _pending["remove 1"] = new TaskCompletionSource();

        var release = registrations.ReleaseAsync(1, default);
        var acquire = registrations.AcquireAsync(1, default);
        Assert.Equal(["add 1", "remove 1"], _calls);
        _pending["remove 1"].SetResult();
        await Task.WhenAll(release, acquire);

        Assert.Equal(["add 1", "remove 1", "add 1"], _calls);
        Assert.Equal([1L], registrations.Users);
    }

    [Fact]
    public async Task AFailedRegistrationCountsForNothing()
    {
        using var registrations = Create();
        _pending["add 1"] = new TaskCompletionSource();
        _pending["add 1"].SetException(new TimeoutException());

        await Assert.ThrowsAsync<TimeoutException>(() => registrations.AcquireAsync(1, default));
        _pending.Clear();
        await registrations.AcquireAsync(1, default);

        Assert.Equal(["add 1", "add 1"], _calls);
    }

    [Fact]
    public async Task ARegistryThatDoesNotAnswerIsNotWaitedForLongerThanAllowed()
    {
        using var registrations = Create();
        _pending["add 1"] = new TaskCompletionSource();
        using var impatient = new CancellationTokenSource();

        var acquire = registrations.AcquireAsync(1, impatient.Token);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquire);
        Assert.Empty(registrations.Users);
    }

    [Fact]
    public async Task AReleaseThatDoesNotGetItsTurnIsCountedAndMadeUpForLater()
    {
        // In the same stripe, whose gate it holds.
        const long Other = 257;
        using var registrations = Create();
        await registrations.AcquireAsync(1, default);
        _pending[$"add {Other}"] = new TaskCompletionSource();
        var acquire = registrations.AcquireAsync(Other, default);
        using var impatient = new CancellationTokenSource();

        var release = registrations.ReleaseAsync(1, impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => release);
        Assert.Equal([Other], registrations.Users);

        _pending[$"add {Other}"].SetResult();
        await acquire;
        await registrations.SettleAsync(default);
        await registrations.SettleAsync(default);
        Assert.Equal(["add 1", $"add {Other}", "remove 1"], _calls);
        Assert.Equal([Other], registrations.Users);
    }

    [Fact]
    public async Task ARemovalThatFailedIsMadeUpForUnlessTheUserIsBack()
    {
        using var registrations = Create();
        foreach (var user in (long[])[1, 2])
        {
            await registrations.AcquireAsync(user, default);
            _pending[$"remove {user}"] = new TaskCompletionSource();
            _pending[$"remove {user}"].SetException(new TimeoutException());
            await Assert.ThrowsAsync<TimeoutException>(() => registrations.ReleaseAsync(user, default));
        }

        _pending.Clear();
        _calls.Clear();
        await registrations.AcquireAsync(2, default);
        await registrations.SettleAsync(default);

        Assert.Equal(["add 2", "remove 1"], _calls);
        Assert.Equal([2L], registrations.Users);
    }

    [Fact]
    public async Task ARegistrationThatWasGivenUpIsTakenBackSinceItMayHaveReachedTheRegistry()
    {
        using var registrations = Create();
        _pending["add 1"] = new TaskCompletionSource();
        using var impatient = new CancellationTokenSource();
        var acquire = registrations.AcquireAsync(1, impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquire);

        await registrations.SettleAsync(default);

        Assert.Equal(["add 1", "remove 1"], _calls);
    }

    [Fact]
    public async Task AUserWhoLeavesWhileAllAreRegisteredAnewIsTakenOutAgain()
    {
        using var registrations = Create();
        await registrations.AcquireAsync(1, default);
        await registrations.AcquireAsync(2, default);
        var all = registrations.Users;
        await registrations.ReleaseAsync(1, default);

        registrations.Registered(all);
        await registrations.SettleAsync(default);

        Assert.Equal(["add 1", "add 2", "remove 1", "remove 1"], _calls);
        Assert.Equal([2L], registrations.Users);
    }

    [Fact]
    public async Task WhoeverRegistersAllAnewWhileAUserIsBeingRegisteredHasThatOneToo()
    {
        using var registrations = Create();
        _pending["add 1"] = new TaskCompletionSource();
        var acquire = registrations.AcquireAsync(1, default);

        Assert.Equal([1L], registrations.Users);
        _pending["add 1"].SetResult();
        await acquire;
    }

    [Fact]
    public async Task AUserWhoIsRegisteredAnewDuringHisRemovalIsTakenOutOnceMore()
    {
        using var registrations = Create();
        await registrations.AcquireAsync(1, default);
        _pending["remove 1"] = new TaskCompletionSource();
        var all = registrations.Users;
        var release = registrations.ReleaseAsync(1, default);
        registrations.Registered(all);
        _pending["remove 1"].SetResult();
        await release;

        await registrations.SettleAsync(default);

        Assert.Equal(["add 1", "remove 1", "remove 1"], _calls);
    }

    [Fact]
    public async Task TheGaugesTellWhatIsCounted()
    {
        using var connections = new CounterReading(_meters, "chatable.realtime.registrations");
        using var users = new CounterReading(_meters, "chatable.realtime.registrations.users");
        using var registrations = Create();
        foreach (var user in (long[])[1, 1, 2])
            await registrations.AcquireAsync(user, default);
        Assert.Equal((3, 2), (connections.Total, users.Total));

        await registrations.ReleaseAsync(1, default);
        await registrations.ReleaseAsync(2, default);
        Assert.Equal((1, 1), (connections.Total, users.Total));
    }

    private UserRegistrations Create() => new(
        (users, _) => CallAsync($"add {users.Single()}"), (users, _) => CallAsync($"remove {users.Single()}"), new DeliveryMetrics(_meters));

    private Task CallAsync(string call)
    {
        _calls.Add(call);
        return _pending.TryGetValue(call, out var pending) ? pending.Task : Task.CompletedTask;
    }
}
