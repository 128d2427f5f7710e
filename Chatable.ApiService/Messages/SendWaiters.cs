using System.Collections.Concurrent;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Messages;

/// <summary>
/// Requests that wait to hear what became of their message. To the worker each is a connection like any other, with an id that no
/// socket has; whoever adds them bounds their number.
/// </summary>
internal sealed class SendWaiters(ServerIdentity server)
{
    private readonly ConcurrentDictionary<long, SendWaiter> _waiting = new();

    public SendWaiter Add()
    {
        var waiter = new SendWaiter(ConnectionIds.Next(), id => _waiting.TryRemove(id, out _));
        _waiting[waiter.ConnectionId] = waiter;
        return waiter;
    }

    /// <summary>Passes the worker's word on to the request it is for, where there is one.</summary>
    public void Tell(Dispatch item)
    {
        var origin = item switch
        {
            MessageStored stored => stored.Origin,
            MessageRepeated repeated => repeated.Origin,
            MessageRefused refused => refused.Origin,
            _ => default,
        };
        if (origin.BootId == server.BootId && _waiting.TryGetValue(origin.ConnectionId, out var waiter))
            waiter.Tell(item);
    }
}

/// <summary>One request that waits; it ends the wait by disposing of it.</summary>
internal sealed class SendWaiter(long connectionId, Action<long> remove) : IDisposable
{
    // The reader of the server's queue tells; what the request does next is not to run on its time.
    private readonly TaskCompletionSource<Dispatch> _word = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long ConnectionId => connectionId;

    /// <summary>What the worker said first of the message.</summary>
    public Task<Dispatch> Word => _word.Task;

    public void Tell(Dispatch item) => _word.TrySetResult(item);

    public void Dispose() => remove(connectionId);
}
