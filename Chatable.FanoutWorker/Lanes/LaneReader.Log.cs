namespace Chatable.FanoutWorker.Lanes;

internal sealed partial class LaneReader
{
    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Partition {Partition} could not be read, or what was settled of it not be deleted ({Code}); it goes on alone until it can.")]
        public static partial void Unreadable(ILogger logger, int partition, string code, Exception failure);

        [LoggerMessage(LogLevel.Warning, "The intake could not be read ({Code}); again in {Wait}.")]
        public static partial void NotConnected(ILogger logger, string code, TimeSpan wait, Exception failure);

        [LoggerMessage(LogLevel.Debug, "The partitions of a lane could not be read together ({Code}); each is now.")]
        public static partial void NotReadTogether(ILogger logger, string code, Exception failure);
    }
}
