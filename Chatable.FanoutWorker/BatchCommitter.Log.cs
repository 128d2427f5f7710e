namespace Chatable.FanoutWorker;

internal sealed partial class BatchCommitter
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Partition {Partition}: entry {EntryId} is a dead letter ({Code}, attempt {Attempts}).")]
        public static partial void DeadLettered(ILogger logger, int partition, string entryId, string code, long attempts);

        [LoggerMessage(
            LogLevel.Critical,
            "Partition {Partition} has stopped at entry {EntryId} ({Code}): its dead letters are full. Inspect them and make room.")]
        public static partial void DeadLettersFull(ILogger logger, int partition, string entryId, string code);
    }
}
