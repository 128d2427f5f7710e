using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Settling;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// Tells the servers what was committed: a message to those where its author or its recipient is connected and to the one it came
/// from, a refusal only to the latter. Only ever after the commit: a server that registers a user and then reads his head has
/// everything, since what it did not read is routed after it registered.
/// </summary>
internal sealed class Router(ServerRegistry registry, ServerQueue queue, DeadRegistrations dead, FanoutMetrics metrics)
{
    public async Task RouteAsync(IReadOnlyList<IDispatch> outcomes, CancellationToken cancellationToken)
    {
        if (outcomes.Count > 0)
        {
            var items = Address(outcomes);
            var users = items.SelectMany(item => item.Users).Distinct().ToArray();
            var found = await registry.FindServersAsync(users, cancellationToken);
            dead.Add(found.Dead);
            var origins = await registry.FindLiveAsync(items.Select(item => item.Origin), cancellationToken);
            metrics.Routed(await queue.AppendAsync(Distribute(items, found.Servers, origins), cancellationToken));
        }
    }

    /// <summary>
    /// Tells where it came from that a message is among the dead letters, even where Redis is out of memory: nobody will say so again.
    /// </summary>
    public async Task RefuseAsync(MessageRefused refused, CancellationToken cancellationToken)
    {
        if ((await registry.FindLiveAsync([refused.Origin.BootId], cancellationToken)).Count > 0)
        {
            var batch = new ServerBatch(refused.Origin.BootId, DispatchBatch.Encode([refused]));
            metrics.Routed(await queue.InsistAsync([batch], cancellationToken));
        }
    }

    /// <summary>What is to be told of each, and whom it concerns.</summary>
    public static IReadOnlyList<AddressedItem> Address(IReadOnlyList<IDispatch> outcomes) =>
    [
        .. outcomes.Select(outcome => new AddressedItem(DispatchBatch.EncodeItem(outcome), PartiesOf(outcome), outcome.Origin.BootId)),
    ];

    private static ServerBatch[] Distribute(
        IReadOnlyList<AddressedItem> items, IReadOnlyDictionary<long, IReadOnlyList<Guid>> servers, IReadOnlySet<Guid> origins)
    {
        var byServer = new Dictionary<Guid, List<ReadOnlyMemory<byte>>>();
        foreach (var (bytes, users, origin) in items)
        {
            var targets = users.SelectMany(user => servers[user]).ToHashSet();
            if (origins.Contains(origin))
                targets.Add(origin);
            foreach (var target in targets)
            {
                if (!byServer.TryGetValue(target, out var ofServer))
                    byServer[target] = ofServer = [];
                ofServer.Add(bytes);
            }
        }

        return [.. byServer.Select(one => new ServerBatch(one.Key, DispatchBatch.Join(one.Value)))];
    }

    private static long[] PartiesOf(IDispatch outcome) => outcome switch
    {
        MessageStored stored => [.. stored.Recipients.Select(recipient => recipient.UserId)],
        MessageRepeated repeated => [.. repeated.Heads.Select(head => head.UserId)],
        _ => [],
    };
}
