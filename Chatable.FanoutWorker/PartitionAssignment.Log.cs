namespace Chatable.FanoutWorker;

internal sealed partial class PartitionAssignment
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Reading {Count} more partitions: {Partitions}.")]
        public static partial void PartitionsTaken(ILogger logger, int count, string partitions);

        [LoggerMessage(LogLevel.Information, "No longer reading {Count} partitions: {Partitions}.")]
        public static partial void PartitionsGivenUp(ILogger logger, int count, string partitions);

        [LoggerMessage(LogLevel.Warning, "{Reason} This worker reads no partition before the migrations have run.")]
        public static partial void SchemaMissed(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "The partitions could not be divided among the workers. This worker continues with those it has.")]
        public static partial void BalanceFailed(ILogger logger, Exception failure);

        [LoggerMessage(LogLevel.Warning, "The leases could not be released. They will expire.")]
        public static partial void LeaveFailed(ILogger logger, Exception failure);

        [LoggerMessage(LogLevel.Critical, "{Reason}")]
        public static partial void UnusableRedis(ILogger logger, string reason);
    }
}
