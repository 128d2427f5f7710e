using System.Runtime.CompilerServices;
using Chatable.FanoutWorker;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>A worker's bugs, and the steps at which it can die.</summary>
internal static class WorkerDetours
{
    private static readonly TimeSpan s_longEnoughToBeSeen = TimeSpan.FromMilliseconds(500);

    private static readonly RegistryKeys s_registry = new(new RegistryOptions().KeyPrefix);
    private static readonly Dictionary<long, string> s_servers = [];

    [InPlaceOf(typeof(BatchProcessor), nameof(BatchProcessor.CommitAsync))]
    public static async Task<CommittedBatch> CommitAsync(
        BatchProcessor processor, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        if (SeededBug.Is("xdel_before_commit"))
            await RunningHost.Services.GetRequiredService<PublishAndTrim>().RunAsync([], heads, cancellationToken);
        return await CommitAsyncShipped(processor, heads, cancellationToken);
    }

    [InPlaceOf(typeof(BatchProcessor), "DecodeAsync")]
    public static async Task<List<PendingEntry>> DecodeAsync(
        BatchProcessor processor, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        var pending = await DecodeAsyncShipped(processor, heads, cancellationToken);
        return SeededBug.Is("two_in_flight")
            ? [.. pending.GroupBy(one => one.Partition).SelectMany(ofPartition => ofPartition.Reverse())]
            : pending;
    }

    [InPlaceOf(typeof(MessageStore), nameof(MessageStore.PersistAsync))]
    public static async Task<IReadOnlyList<IDispatch>> PersistAsync(
        MessageStore store, IReadOnlyList<IntakeEntry> entries, CancellationToken cancellationToken)
    {
        var outcomes = await PersistAsyncShipped(store, entries, cancellationToken);
        CrashPoint.Reach("after_commit");
        return outcomes;
    }

    // The dedupe bug stores a repeat again. The other bug stores refused entries, but their repeats only once.
    [InPlaceOf(typeof(Dispositions), nameof(Dispositions.Decide))]
    public static Disposition[] Decide(IReadOnlyList<IntakeEntry> entries, BatchSnapshot snapshot)
    {
        var dispositions = DecideShipped(null, entries, snapshot);
        HashSet<MessageKey> stored = [];
        for (var i = 0; i < dispositions.Length; i++)
        {
            dispositions[i] = dispositions[i] switch
            {
                Disposition.Repeat or Disposition.KeyReused when SeededBug.Is("dedupe_off") => Disposition.New,
                Disposition.OutOfOrder when SeededBug.Is("after_guard_off") =>
                    stored.Contains(entries[i].Key()) ? Disposition.Repeat : Disposition.New,
                var disposition => disposition,
            };
            if (dispositions[i] is Disposition.New)
                stored.Add(entries[i].Key());
        }

        return dispositions;
    }

    [InPlaceOf(typeof(BatchPlan), "AdvanceHead")]
    public static Recipient AdvanceHead(BatchPlan plan, long user, ConversationHead message)
    {
        if (SeededBug.Strikes("seq_from_sequence"))
            plan.Heads[user] = HeadOf(plan, user).Seq + 1;
        return AdvanceHeadShipped(plan, user, message);
    }

    [InPlaceOf(typeof(MessageStore), nameof(MessageStore.WriteAsync))]
    public static async Task<int> WriteAsync(NpgsqlConnection connection, BatchPlan plan)
    {
        if (plan.Messages.Count == 0)
            return await WriteAsyncShipped(null, connection, plan);

        if (SeededBug.Is("route_before_commit"))
        {
            await RunningHost.Services.GetRequiredService<PublishAndTrim>().RunAsync(
                [.. plan.Outcomes.Select(AddressedItem.Of)], [], CancellationToken.None);
            await Task.Delay(s_longEnoughToBeSeen);
        }

        if (SeededBug.Strikes("ack_before_commit"))
            return 0;
        CrashPoint.Reach("before_commit");
        CrashPoint.ReachWithin("within_commit");
        return await WriteAsyncShipped(null, connection, plan);
    }

    [InPlaceOf(typeof(PublishAndTrim), nameof(PublishAndTrim.RunAsync))]
    public static async Task<PublishResult> RunAsync(
        PublishAndTrim publishAndTrim, IReadOnlyList<AddressedItem> items, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        if (SeededBug.Is("cached_registry"))
            items = await ByWhatWasTrueOnceAsync(items, cancellationToken);
        CrashPoint.Reach("before_publish");
        CrashPoint.ReachWithin("within_publish");
        var result = await RunAsyncShipped(publishAndTrim, items, heads, cancellationToken);
        CrashPoint.Reach("after_publish");
        return result;
    }

    // A user whose servers have changed since the first lookup is not notified.
    private static async Task<IReadOnlyList<AddressedItem>> ByWhatWasTrueOnceAsync(
        IReadOnlyList<AddressedItem> items, CancellationToken cancellationToken)
    {
        var redis = RunningHost.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
        Dictionary<long, string> now = [];
        foreach (var user in items.SelectMany(item => item.Users).Distinct())
            now[user] = string.Join(' ', (await redis.SetMembersAsync(s_registry.User(user)).WaitAsync(cancellationToken)).Order());
        lock (s_servers)
        {
            foreach (var (user, servers) in now)
                s_servers.TryAdd(user, servers);
            return [.. items.Select(item => item with { Users = [.. item.Users.Where(user => now[user] == s_servers[user])] })];
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "CommitAsyncShipped")]
    private static extern Task<CommittedBatch> CommitAsyncShipped(
        BatchProcessor processor, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "DecodeAsyncShipped")]
    private static extern Task<List<PendingEntry>> DecodeAsyncShipped(
        BatchProcessor processor, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "PersistAsyncShipped")]
    private static extern Task<IReadOnlyList<IDispatch>> PersistAsyncShipped(
        MessageStore store, IReadOnlyList<IntakeEntry> entries, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "DecideShipped")]
    private static extern Disposition[] DecideShipped(
        [UnsafeAccessorType("Chatable.Messaging.Messages.Dispositions, Chatable.Messaging")] object? none,
        IReadOnlyList<IntakeEntry> entries, BatchSnapshot snapshot);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "HeadOf")]
    private static extern Recipient HeadOf(BatchPlan plan, long user);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AdvanceHeadShipped")]
    private static extern Recipient AdvanceHeadShipped(BatchPlan plan, long user, ConversationHead message);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "WriteAsyncShipped")]
    private static extern Task<int> WriteAsyncShipped(
        MessageStore? none, NpgsqlConnection connection, BatchPlan plan);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "RunAsyncShipped")]
    private static extern Task<PublishResult> RunAsyncShipped(
        PublishAndTrim publishAndTrim, IReadOnlyList<AddressedItem> items, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken);
}
