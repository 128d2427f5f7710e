using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Messaging.Publishing;

/// <summary>What became of a batch.</summary>
/// <param name="Told">Of each server that was to be told.</param>
/// <param name="Failures">Of each head why it was not deleted, or null.</param>
/// <param name="Dead">Registrations with servers that live no more, to be forgotten.</param>
public readonly record struct PublishResult(
    IReadOnlyList<QueueAppend> Told, IReadOnlyList<RedisException?> Failures, IReadOnlyList<Registration> Dead);

/// <summary>
/// The end of a batch: the servers it concerns are found and told, and it is deleted from the intake, in one command. In three there would
/// be two round trips more in each batch, for which everything that came meanwhile would wait.
/// </summary>
public sealed class PublishAndTrim(
    IConnectionMultiplexer redis, IOptions<IntakeOptions> intake, IOptions<ServerQueueOptions> queues, IOptions<RegistryOptions> registry)
{
    private static readonly RedisValue s_beginning = new byte[] { DispatchBatch.Version };

    private readonly IntakeKeys _intake = new(intake.Value.KeyPrefix);
    private readonly RegistryKeys _registry = new(registry.Value.KeyPrefix);
    private readonly ServerQueueOptions _queues = queues.Value;

    /// <summary>
    /// Tells the servers, and deletes entries whose fate is settled: stored, or refused. Redis does so before anything that is read after
    /// it on this connection, but what is read of a partition counts only once this has succeeded for it.
    /// </summary>
    /// <param name="items">
    /// Only what is committed: a server that registers a user and then reads his head is found by everything committed after that head.
    /// Where a server cannot be told for anything but want of memory, nothing is deleted.
    /// </param>
    /// <param name="heads">
    /// Of different partitions, without what was put aside of them. A failure of one is none of the others: an
    /// <see cref="IntakeChangedException"/> where its log is not the one any more that was read.
    /// </param>
    /// <param name="cancellationToken">Cancels before anything is sent.</param>
    public async Task<PublishResult> RunAsync(
        IReadOnlyList<AddressedItem> items, IReadOnlyList<PartitionHead> heads, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var batch = new AddressedBatch(items);
        RedisKey[] keys = [_registry.Servers, .. batch.Users.Select(_registry.User), .. heads.SelectMany(KeysOf)];
        RedisValue[] arguments =
        [
            batch.Users.Count, batch.Addresses, batch.Origins,
            _queues.Limit, _queues.LifetimeMilliseconds, _queues.KeyStart, s_beginning,
            .. heads.SelectMany(EndOf), .. batch.Pieces.Select(piece => (RedisValue)piece),
        ];
        var answer = (RedisResult[])(await redis.GetDatabase().ScriptEvaluateAsync(PublishAndTrimScript.TellAndDelete, keys, arguments))!;
        return new PublishResult(
            Array.ConvertAll((string[])answer[0]!, ServerQueue.OutcomeOf),
            Array.ConvertAll((string[])answer[1]!, FailureOf),
            [.. ((RedisValue[])answer[2]!).Chunk(2).Select(dead =>
                new Registration(batch.Users[(int)dead[0] - 1], LiveServers.ParseBootId(dead[1])))]);
    }

    private RedisKey[] KeysOf(PartitionHead head) => [_intake.Log(head.Partition), _intake.Attempts(head.Partition)];

    private static RedisValue[] EndOf(PartitionHead head) => [head.End, head.Last.Id, head.Last.Beginning];

    private static RedisException? FailureOf(string error) => error switch
    {
        "" => null,
        PublishAndTrimScript.Changed => new IntakeChangedException(),
        _ => new RedisException(error),
    };
}
