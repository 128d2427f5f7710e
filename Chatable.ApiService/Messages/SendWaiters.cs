using System.Collections.Concurrent;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Messages;

/// <summary>
/// Requests that wait for the outcome of their message. To the worker each is a connection like any other, with an id that no socket has.
/// The caller limits their number.
/// </summary>
internal sealed class SendWaiters(ServerIdentity server) : IDispatchHandler
{
    private readonly ConcurrentDictionary<long, SendWaiter> _waiting = new();

    public SendWaiter Add()
    {
        var waiter = new SendWaiter(ConnectionIds.Next(), id => _waiting.TryRemove(id, out _));
        _waiting[waiter.ConnectionId] = waiter;
        return waiter;
    }

    public void Handle(in EntryStored stored) => Find(stored.Origin)?.Tell(stored);

    public void Handle(in CommandRepeated repeated) => Find(repeated.Origin)?.Tell(repeated);

    public void Handle(in CommandRefused refused) => Find(refused.Origin)?.Tell(refused);

    private SendWaiter? Find(Origin origin) =>
        origin.BootId == server.BootId && _waiting.TryGetValue(origin.ConnectionId, out var waiter) ? waiter : null;
}

/// <summary>One waiting request. Disposing it ends the wait.</summary>
internal sealed class SendWaiter(long connectionId, Action<long> remove) : IDisposable
{
    // The queue reader completes this. The request's continuation must not run on the reader's thread.
    private readonly TaskCompletionSource<IDispatch> _word = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long ConnectionId => connectionId;

    /// <summary>The worker's first answer for the message.</summary>
    public Task<IDispatch> Word => _word.Task;

    public void Tell(IDispatch item) => _word.TrySetResult(item);

    public void Dispose() => remove(connectionId);
}
