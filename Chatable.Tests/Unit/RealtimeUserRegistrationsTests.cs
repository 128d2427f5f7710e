using Chatable.ApiService.Delivery;

namespace Chatable.Tests.Unit;

public class RealtimeUserRegistrationsTests
{
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

    private UserRegistrations Create() => new(
        (users, _) => CallAsync($"add {users.Single()}"), (users, _) => CallAsync($"remove {users.Single()}"));

    private Task CallAsync(string call)
    {
        _calls.Add(call);
        return _pending.TryGetValue(call, out var pending) ? pending.Task : Task.CompletedTask;
    }
}
