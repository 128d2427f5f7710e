using System.Threading.Channels;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Sending;
using Chatable.Messaging;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>What a connection's messages do while a batch of them is on its way for as long as the test says.</summary>
public sealed class SendQueueTests
{
    private const int Limit = 80;

    private readonly Channel<Batch> _batches = Channel.CreateUnbounded<Batch>();
    private readonly InFlight _inFlight = new();
    private readonly SendQueue _queue;

    public SendQueueTests() => _queue = new SendQueue(Limit, AcceptAsync, _inFlight);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatComesMeanwhileGoesNextInOrderAndNeverMoreThanABatchAtOnce()
    {
        Send(1, 1);
        Send(2, 71);

        await AssertNextAsync(1, 1);
        await AssertNextAsync(2, 33);
        await AssertNextAsync(34, 65);
        await AssertNextAsync(66, 71);
        Assert.True(await IsIdleAsync());

        Send(72, 72);
        await AssertNextAsync(72, 72);
    }

    [Fact]
    public async Task PastTheLimitAMessageIsRefusedUntilThereIsRoom()
    {
        Send(1, 1);
        Send(2, Limit);
        Assert.Null(_queue.Full);
        Send(1 + Limit, 1 + Limit);

        var room = _queue.Full!;
        Assert.False(room.IsCompleted);
        Assert.False(_queue.TryEnqueue(Message(0)));

        await AssertNextAsync(1, 1);
        await AssertNextAsync(2, 33);
        await room.WaitAsync(Token);
        Assert.Null(_queue.Full);
        Assert.True(_queue.TryEnqueue(Message(0)));
    }

    [Fact]
    public async Task WhoWaitsForRoomIsToldWhereEverythingIsDropped()
    {
        Send(1, 1);
        Send(2, 1 + Limit);
        var room = _queue.Full!;

        await AssertNextAsync(1, 1, goOn: false);

        await room.WaitAsync(Token);
        Assert.Null(_queue.Full);
    }

    [Fact]
    public async Task AfterABatchWhoseFateIsUnknownNothingGoesAhead()
    {
        Send(1, 1);
        Send(2, 3);

        await AssertNextAsync(1, 1, goOn: false);

        Assert.True(await IsIdleAsync());
        Assert.False(_queue.TryEnqueue(Message(4)));
        Assert.False(_batches.Reader.TryRead(out _));
    }

    private Task<bool> IsIdleAsync() => _inFlight.WaitForNoneAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token);

    private void Send(int first, int last)
    {
        for (var i = first; i <= last; i++)
            Assert.True(_queue.TryEnqueue(Message(i)));
    }

    private async Task AssertNextAsync(int first, int last, bool goOn = true)
    {
        var batch = await _batches.Reader.ReadAsync(Token);
        Assert.Equal(Enumerable.Range(first, last - first + 1).Select(Name), batch.Recipients);
        batch.Answer.SetResult(goOn);
    }

    private Task<bool> AcceptAsync(IReadOnlyList<PendingSend> sends)
    {
        var batch = new Batch([.. sends.Select(send => send.Recipient)], new TaskCompletionSource<bool>());
        Assert.True(_batches.Writer.TryWrite(batch));
        return batch.Answer.Task;
    }

    private static string Name(int number) => $"user{number}";

    private static PendingSend Message(int number) => new(ClientId.New(), Name(number), "hello"u8.ToArray(), ReceivedAt: 0);

    private sealed record Batch(string[] Recipients, TaskCompletionSource<bool> Answer);
}
