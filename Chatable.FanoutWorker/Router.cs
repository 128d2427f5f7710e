using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>
/// Tells the servers what was committed: a message to those where its author or its recipient is connected and to the one it came
/// from, a refusal only to the latter. Only ever after the commit: a server that registers a user and then reads his head has
/// everything, since what it did not read is routed after it registered.
/// </summary>
internal sealed class Router(ServerRegistry registry, ServerQueue queue, FanoutMetrics metrics)
{
    public async Task RouteAsync(IReadOnlyList<Dispatch> outcomes, CancellationToken cancellationToken) =>
        await TellAsync(await PrepareAsync(outcomes, cancellationToken), cancellationToken);

    /// <summary>What each server is to be told.</summary>
    public async Task<IReadOnlyList<ServerBatch>> PrepareAsync(IReadOnlyList<Dispatch> outcomes, CancellationToken cancellationToken)
    {
        if (outcomes.Count == 0)
            return [];

        var users = outcomes.SelectMany(outcome => PartiesOf(outcome)).Distinct().ToArray();
        var servers = SeededBug.Stale(await registry.FindServersAsync(users, cancellationToken));
        var origins = await registry.FindLiveAsync(outcomes.Select(OriginOf), cancellationToken);
        return Distribute(outcomes, servers, origins);
    }

    public async Task TellAsync(IReadOnlyList<ServerBatch> batches, CancellationToken cancellationToken)
    {
        if (batches.Count > 0)
            metrics.Routed(await queue.AppendAsync(batches, cancellationToken));
        CrashPoint.Reach("after_route");
    }

    // Each item is encoded once, however many servers it goes to.
    private static ServerBatch[] Distribute(
        IReadOnlyList<Dispatch> outcomes, IReadOnlyDictionary<long, IReadOnlyList<Guid>> servers, IReadOnlySet<Guid> origins)
    {
        var byServer = new Dictionary<Guid, List<byte[]>>();
        foreach (var outcome in outcomes)
        {
            var targets = PartiesOf(outcome).SelectMany(user => servers[user]).Append(OriginOf(outcome)).ToHashSet();
            if (!origins.Contains(OriginOf(outcome)))
                targets.Remove(OriginOf(outcome));
            if (targets.Count == 0)
                continue;

            var bytes = DispatchBatch.EncodeItem(outcome);
            foreach (var target in targets)
            {
                if (!byServer.TryGetValue(target, out var items))
                    byServer[target] = items = [];
                items.Add(bytes);
            }
        }

        return [.. byServer.Select(one => new ServerBatch(one.Key, DispatchBatch.Join(one.Value)))];
    }

    private static IEnumerable<long> PartiesOf(Dispatch outcome) => outcome switch
    {
        MessageStored stored => stored.Recipients.Select(recipient => recipient.UserId),
        MessageRepeated repeated => repeated.Heads.Select(head => head.UserId),
        _ => [],
    };

    private static Guid OriginOf(Dispatch outcome) => outcome switch
    {
        MessageStored stored => stored.Origin.BootId,
        MessageRepeated repeated => repeated.Origin.BootId,
        MessageRefused refused => refused.Origin.BootId,
        _ => throw new ArgumentException($"No origin in {outcome.GetType().Name}.", nameof(outcome)),
    };
}
