using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// Whom to tell what was committed: of a message those servers where its author or its recipient is connected and the one it came from, of a
/// refusal only the latter. Only ever after the commit: a server that registers a user and then reads his head has everything, since what it
/// did not read is told after it registered.
/// </summary>
internal sealed class Router(ServerRegistry registry, ServerQueue queue, FanoutMetrics metrics)
{
    /// <summary>
    /// Tells where it came from that a message is among the dead letters, even where Redis is out of memory: nobody will say so again.
    /// </summary>
    public async Task RefuseAsync(MessageRefused refused, CancellationToken cancellationToken)
    {
        if ((await registry.FindLiveAsync([refused.Origin.BootId], cancellationToken)).Count > 0)
        {
            var batch = new ServerBatch(refused.Origin.BootId, DispatchBatch.Encode([refused]));
            metrics.Routed([await queue.InsistAsync(batch, cancellationToken)]);
        }
    }

    /// <summary>What is to be told of each, and whom it concerns.</summary>
    public static IReadOnlyList<AddressedItem> Address(IReadOnlyList<IDispatch> outcomes) =>
    [
        .. outcomes.Select(outcome => new AddressedItem(DispatchBatch.EncodeItem(outcome), PartiesOf(outcome), outcome.Origin.BootId)),
    ];

    private static long[] PartiesOf(IDispatch outcome) => outcome switch
    {
        MessageStored stored => [.. stored.Recipients.Select(recipient => recipient.UserId)],
        MessageRepeated repeated => [.. repeated.Heads.Select(head => head.UserId)],
        _ => [],
    };
}
