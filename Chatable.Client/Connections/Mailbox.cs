using Chatable.Client.Session;

namespace Chatable.Client.Connections;

/// <summary>
/// Applies a session's effects on the store and the application. The store, the inbox and the session's outbox change together, under
/// <c>_gate</c>, so they stay consistent whoever calls.
/// </summary>
internal sealed class Mailbox(IChatStore store, Inbox inbox, ClientSession session, int outboxCapacity, Func<TimeSpan> now) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _storeFailed = new();
    private readonly Dictionary<string, TaskCompletionSource<SentMessage>> _waiting = [];
    private ChatStoppedException? _stopped;

    public event Action<SentMessage>? Sent;

    public event Action<ChatSendException>? SendFailed;

    /// <summary>The exception that the store has thrown. After it, nothing can continue.</summary>
    public Exception? StoreFailure { get; private set; }

    /// <summary>Cancelled when the store has failed, in any call.</summary>
    public CancellationToken StoreFailed => _storeFailed.Token;

    /// <summary>Stores a message and passes it to the session. A message already in the outbox is not stored again.</summary>
    /// <returns>A task that completes with the server's answer.</returns>
    /// <exception cref="ChatSendException">The outbox holds another message with this client id.</exception>
    public Task<Task<SentMessage>> SubmitAsync(OutgoingMessage message, CancellationToken cancellationToken) =>
        ExclusivelyAsync(async () =>
        {
            if (_stopped is not null)
                throw _stopped;
            if (IsNew(message))
                await AddAsync(message).ConfigureAwait(false);
            return Waiter(message.ClientId).Task;
        }, cancellationToken);

    /// <summary>Applies an effect. Effects on the connection itself are ignored.</summary>
    public Task ApplyAsync(SessionEffect effect) => effect switch
    {
        BeginAt begin => ExclusivelyAsync(() => StoreAsync(() => store.ResetAsync(begin.Cursor, CancellationToken.None))),
        // The stored cursor still belongs to an earlier log, and must not be stored as one of this epoch. The next resume checks the cursor
        // that the reset stores.
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

    /// <summary>Ends all waits. Messages in the outbox stay there.</summary>
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

    // The gate excludes other senders, but not the connection that takes messages out of the outbox.
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
        // Stored before the first attempt, and not cancellable: from here on the message will be sent.
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
            // A caller that cancelled the wait never observes the exception.
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
            // Not synchronous: its continuations would run inside the gate.
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
