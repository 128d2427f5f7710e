namespace Chatable.FanoutWorker.Lanes;

internal sealed partial class LaneReader
{
    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Partition {Partition} could not be read or trimmed ({Code}). It continues alone until it can.")]
        public static partial void Unreadable(ILogger logger, int partition, string code, Exception failure);

        [LoggerMessage(LogLevel.Warning, "The intake could not be read ({Code}); trying again in {Wait}.")]
        public static partial void NotConnected(ILogger logger, string code, TimeSpan wait, Exception failure);

        [LoggerMessage(LogLevel.Debug, "The partitions of a lane could not be read together ({Code}); each is now read alone.")]
        public static partial void NotReadTogether(ILogger logger, string code, Exception failure);
    }
}
