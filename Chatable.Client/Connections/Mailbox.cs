using Chatable.Client.Session;

namespace Chatable.Client.Connections;

/// <summary>
/// Carries out what a session wants stored and told. The store, the inbox and the session's outbox change together, one call at a time
/// (<c>_gate</c>): so they never contradict each other, whoever calls.
/// </summary>
internal sealed class Mailbox(IChatStore store, Inbox inbox, ClientSession session, int outboxCapacity, Func<TimeSpan> now) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, TaskCompletionSource<SentMessage>> _waiting = [];
    private ChatStoppedException? _stopped;

    public event Action<SentMessage>? Sent;

    public event Action<ChatSendException>? SendFailed;

    /// <summary>Stores a message and gives it to the session. What is in the outbox already is only waited for.</summary>
    /// <returns>The answer, once it comes.</returns>
    public Task<Task<SentMessage>> SubmitAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        ExclusivelyAsync(async () =>
        {
            if (_stopped is not null)
                throw _stopped;
            if (IsNew(message.ClientId))
                await AddAsync(message);
            return Waiter(message.ClientId).Task;
        }, cancellationToken);

    /// <summary>Effects on the connection itself are none of the mailbox's.</summary>
    public Task ApplyAsync(SessionEffect effect) => effect switch
    {
        BeginAt begin => ExclusivelyAsync(() => store.ResetAsync(begin.Cursor, CancellationToken.None)),
        Surface surface => ExclusivelyAsync(() => Add(new Inbox.Item { Message = surface.Message, Through = surface.Message.Seq })),
        StartOver reset => ExclusivelyAsync(() => Add(new Inbox.Item { Reset = new ChatReset(reset.Cursor), Through = reset.Cursor.Seq })),
        Pass pass => ExclusivelyAsync(() =>
            inbox.TryPass(pass.Seq) ? ValueTask.CompletedTask : store.AdvanceAsync(pass.Seq, taken: null, CancellationToken.None)),
        Settle settle => SettleAsync(settle.Sent),
        Refuse refuse => RefuseAsync(refuse),
        _ => Task.CompletedTask,
    };

    /// <summary>The application has taken the first item of the inbox.</summary>
    public Task FinishAsync(Inbox.Item item) => ExclusivelyAsync(async () =>
    {
        if (item.Reset is { } reset)
            await store.ResetAsync(reset.To, CancellationToken.None);
        if (item.Through > (item.Reset?.To.Seq ?? 0))
            await store.AdvanceAsync(item.Through, item.Message, CancellationToken.None);
        inbox.RemoveFirst();
    });

    /// <summary>Nothing will be answered any more; what is in the outbox stays there.</summary>
    public Task StopAsync(ChatStoppedException reason) => ExclusivelyAsync(() =>
    {
        _stopped = reason;
        foreach (var waiter in _waiting.Values)
            waiter.TrySetException(reason);
        _waiting.Clear();
        return ValueTask.CompletedTask;
    });

    public void Dispose() => _gate.Dispose();

    // The gate keeps others from the outbox, not the connection that takes messages out of it.
    private bool IsNew(string clientId)
    {
        lock (session)
        {
            if (session.Holds(clientId))
                return false;
            if (session.Unacknowledged < outboxCapacity)
                return true;
        }

        ClientMetrics.OutboxFull.Add(1);
        throw new ChatOutboxFullException(outboxCapacity);
    }

    private async ValueTask AddAsync(OutgoingMessage message)
    {
        // Stored before the first attempt, and not given up half way: from here on it will be sent.
        await store.AddAsync(message, CancellationToken.None);
        lock (session)
            session.Submit(message, now());
    }

    private ValueTask Add(Inbox.Item item)
    {
        inbox.Add(item);
        return ValueTask.CompletedTask;
    }

    private async Task SettleAsync(SentMessage sent)
    {
        await ExclusivelyAsync(async () =>
        {
            await store.SettleAsync(sent.ClientId, sent.Seq, CancellationToken.None);
            if (_waiting.Remove(sent.ClientId, out var waiter))
                waiter.TrySetResult(sent);
        });
        Sent?.Invoke(sent);
    }

    private async Task RefuseAsync(Refuse refusal)
    {
        var exception = new ChatSendException(refusal.ClientId, refusal.Code, refusal.Message);
        await ExclusivelyAsync(async () =>
        {
            await store.RemoveAsync(refusal.ClientId, CancellationToken.None);
            if (_waiting.Remove(refusal.ClientId, out var waiter))
                waiter.TrySetException(exception);
        });
        SendFailed?.Invoke(exception);
    }

    private TaskCompletionSource<SentMessage> Waiter(string clientId)
    {
        if (!_waiting.TryGetValue(clientId, out var waiter))
        {
            waiter = new TaskCompletionSource<SentMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
            // Whoever cancelled the wait will never look at how it ended.
            _ = waiter.Task.ContinueWith(
                static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            _waiting.Add(clientId, waiter);
        }

        return waiter;
    }

    private Task<bool> ExclusivelyAsync(Func<ValueTask> change) => ExclusivelyAsync(async () =>
    {
        await change();
        return true;
    }, CancellationToken.None);

    private async Task<T> ExclusivelyAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _gate.Release();
        }
    }
}
