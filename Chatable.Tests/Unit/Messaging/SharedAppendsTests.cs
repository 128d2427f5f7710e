using Chatable.Messaging.Intake;
using Microsoft.Extensions.Time.Testing;

namespace Chatable.Tests.Unit.Messaging;

/// <summary>Which appends share a command, and in which order, while commands are in flight for as long as the test decides.</summary>
public sealed class SharedAppendsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<(int[] Partitions, TaskCompletionSource<AcceptOutcome[]> Answer)> _sent = [];
    private readonly SharedAppends _appends;

    public SharedAppendsTests() => _appends = new SharedAppends(SendAsync, _time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhoComesWhileOneIsOnItsWayGoesWithTheNextInOrder()
    {
        var first = AppendAsync(1);
        var (second, third) = (AppendAsync(2), AppendAsync(3));
        Assert.Equal([[1]], _sent.Select(sent => sent.Partitions));
        Assert.False(first.IsCompleted);

        _sent[0].Answer.SetResult([AcceptOutcome.Accepted]);
        Assert.Equal(AcceptOutcome.Accepted, await first);
        Assert.Equal([[1], [2, 3]], _sent.Select(sent => sent.Partitions));
        _sent[1].Answer.SetResult([AcceptOutcome.Busy, AcceptOutcome.Unknown]);
        Assert.Equal(AcceptOutcome.Busy, await second);
        Assert.Equal(AcceptOutcome.Unknown, await third);

        _ = AppendAsync(4);
        Assert.Equal([4], _sent[2].Partitions);
    }

    [Fact]
    public void NobodyWaitsForOneThatHasNoAnswerForLong()
    {
        _ = AppendAsync(1);
        _ = AppendAsync(2);
        _time.Advance(TimeSpan.FromMilliseconds(60));
        _ = AppendAsync(3);
        Assert.Equal([[1], [2, 3]], _sent.Select(sent => sent.Partitions));

        // Both commands are done, so nothing waits, and the next one is sent alone.
        _sent[1].Answer.SetResult([AcceptOutcome.Accepted, AcceptOutcome.Accepted]);
        _sent[0].Answer.SetResult([AcceptOutcome.Accepted]);
        _ = AppendAsync(4);
        Assert.Equal([4], _sent[2].Partitions);
    }

    [Fact]
    public void ACommandHasALimitOfEntriesAndOfBytes()
    {
        _ = AppendAsync(0);
        for (var i = 1; i <= 3; i++)
            _ = AppendAsync(i, count: 100);
        _sent[0].Answer.SetResult([AcceptOutcome.Accepted]);
        Assert.Equal([1, 2], _sent[1].Partitions);
        _sent[1].Answer.SetResult([AcceptOutcome.Accepted, AcceptOutcome.Accepted]);
        Assert.Equal([3], _sent[2].Partitions);

        _ = AppendAsync(4, bytes: 700_000);
        _ = AppendAsync(5, bytes: 700_000);
        _sent[2].Answer.SetResult([AcceptOutcome.Accepted]);
        Assert.Equal([4], _sent[3].Partitions);
    }

    [Fact]
    public async Task AFailureIsThatOfAllInTheCommandAndOfNoOther()
    {
        var first = AppendAsync(1);
        var second = AppendAsync(2);
        _sent[0].Answer.SetException(new InvalidOperationException("unforeseen"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        _sent[1].Answer.SetResult([AcceptOutcome.Accepted]);
        Assert.Equal(AcceptOutcome.Accepted, await second);
    }

    [Fact]
    public async Task WhatIsCancelledOrEmptyIsNotSent()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _appends.AppendAsync(1, [new byte[] { 1 }], new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _appends.AppendAsync(1, [], Token));
        Assert.Empty(_sent);
    }

    private Task<AcceptOutcome> AppendAsync(int partition, int count = 1, int bytes = 1) => _appends.AppendAsync(
        partition, [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[bytes], count)], Token);

    private Task<AcceptOutcome[]> SendAsync(IReadOnlyList<IntakeAppend> appends, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<AcceptOutcome[]>();
        _sent.Add(([.. appends.Select(append => append.Partition)], answer));
        return answer.Task;
    }
}
