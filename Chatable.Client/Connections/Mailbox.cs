using Chatable.Client.Session;

namespace Chatable.Client.Connections;

/// <summary>
/// Carries out what a session wants stored and told. The store, the inbox and the session's outbox change together, one call at a time
/// (<c>_gate</c>): so they never contradict each other, whoever calls.
/// </summary>
internal sealed class Mailbox(IChatStore store, Inbox inbox, ClientSession session, int outboxCapacity, Func<TimeSpan> now) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _storeFailed = new();
    private readonly Dictionary<string, TaskCompletionSource<SentMessage>> _waiting = [];
    private ChatStoppedException? _stopped;

    public event Action<SentMessage>? Sent;

    public event Action<ChatSendException>? SendFailed;

    /// <summary>What the store has thrown, once it has: nothing can go on from then.</summary>
    public Exception? StoreFailure { get; private set; }

    /// <summary>Cancelled when the store has failed, whoever called it.</summary>
    public CancellationToken StoreFailed => _storeFailed.Token;

    /// <summary>Stores a message and gives it to the session. What is in the outbox already is only waited for.</summary>
    /// <returns>The answer, once it comes.</returns>
    /// <exception cref="ChatSendException">Another message of that name is in the outbox.</exception>
    public Task<Task<SentMessage>> SubmitAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        ExclusivelyAsync(async () =>
        {
            if (_stopped is not null)
                throw _stopped;
            if (IsNew(message))
                await AddAsync(message).ConfigureAwait(false);
            return Waiter(message.ClientId).Task;
        }, cancellationToken);

    /// <summary>Effects on the connection itself are none of the mailbox's.</summary>
    public Task ApplyAsync(SessionEffect effect) => effect switch
    {
        BeginAt begin => ExclusivelyAsync(() => StoreAsync(() => store.ResetAsync(begin.Cursor, CancellationToken.None))),
        // The stored cursor, of a log before, must not pass for one of this epoch; what the reset stores is asked about at the next resume.
        GoOn on => ExclusivelyAsync(() => inbox.HoldsReset
            ? ValueTask.CompletedTask
            : StoreAsync(() => store.GoOnAsync(on.Shared, CancellationToken.None))),
        Surface surface => ExclusivelyAsync(() => Add(new Inbox.Item { Message = surface.Message, Through = surface.Message.Seq })),
        StartOver reset => ExclusivelyAsync(() => Add(new Inbox.Item { Reset = reset.Reset, Through = reset.Reset.To.Seq })),
        Pass pass => ExclusivelyAsync(() => inbox.TryPass(pass.Seq)
            ? ValueTask.CompletedTask
            : StoreAsync(() => store.AdvanceAsync(pass.Seq, taken: null, CancellationToken.None))),
        Settle settle => SettleAsync(settle.Sent),
        Refuse refuse => RefuseAsync(refuse.Why),
        _ => Task.CompletedTask,
    };

    /// <summary>The application has taken the first item of the inbox.</summary>
    public Task FinishAsync(Inbox.Item item) => ExclusivelyAsync(async () =>
    {
        if (item.Reset is { } reset)
            await StoreAsync(() => store.ResetAsync(reset.To, CancellationToken.None)).ConfigureAwait(false);
        if (item.Through > (item.Reset?.To.Seq ?? 0))
            await StoreAsync(() => store.AdvanceAsync(item.Through, item.Message, CancellationToken.None)).ConfigureAwait(false);
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

    public void Dispose()
    {
        _gate.Dispose();
        _storeFailed.Dispose();
    }

    // The gate keeps others from the outbox, not the connection that takes messages out of it.
    private bool IsNew(OutgoingMessage message)
    {
        lock (session)
        {
            if (session.Find(message.ClientId) is { } held)
            {
                return held.IsSameAs(message)
                    ? false
                    : throw new ChatSendException(
                        message.ClientId, ChatSendException.KeyReused, "another message of this name waits for its answer");
            }

            if (session.Unacknowledged < outboxCapacity)
                return true;
        }

        ClientMetrics.OutboxFull.Add(1);
        throw new ChatOutboxFullException(outboxCapacity);
    }

    private async ValueTask AddAsync(OutgoingMessage message)
    {
        // Stored before the first attempt, and not given up half way: from here on it will be sent.
        await StoreAsync(() => store.AddAsync(message, CancellationToken.None)).ConfigureAwait(false);
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
            await StoreAsync(() => store.SettleAsync(sent.ClientId, sent.Seq, CancellationToken.None)).ConfigureAwait(false);
            if (_waiting.Remove(sent.ClientId, out var waiter))
                waiter.TrySetResult(sent);
        }).ConfigureAwait(false);
        Sent?.Invoke(sent);
    }

    private async Task RefuseAsync(ChatSendException refusal)
    {
        await ExclusivelyAsync(async () =>
        {
            await StoreAsync(() => store.RemoveAsync(refusal.ClientId, CancellationToken.None)).ConfigureAwait(false);
            if (_waiting.Remove(refusal.ClientId, out var waiter))
                waiter.TrySetException(refusal);
        }).ConfigureAwait(false);
        SendFailed?.Invoke(refusal);
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

    private async ValueTask StoreAsync(Func<ValueTask> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            StoreFailure ??= exception;
            // Not here: whoever waits for it would go on inside the gate.
            _ = _storeFailed.CancelAsync();
            throw;
        }
    }

    private Task<bool> ExclusivelyAsync(Func<ValueTask> change) => ExclusivelyAsync(async () =>
    {
        await change().ConfigureAwait(false);
        return true;
    }, CancellationToken.None);

    private async Task<T> ExclusivelyAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await change().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
