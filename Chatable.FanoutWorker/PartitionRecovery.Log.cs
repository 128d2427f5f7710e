namespace Chatable.FanoutWorker;

internal sealed partial class PartitionRecovery
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Partition {Partition}: a batch failed ({Code}); repeating it in {Wait}.")]
        public static partial void BatchFailed(ILogger logger, int partition, string code, TimeSpan wait, Exception failure);

        [LoggerMessage(
            LogLevel.Critical,
            "Partition {Partition} stands still ({Code}) until somebody repairs the cause. Nothing in it is lost.")]
        public static partial void Stopped(ILogger logger, int partition, string code);

        [LoggerMessage(LogLevel.Information, "Partition {Partition} continues after it had stopped ({Code}).")]
        public static partial void GoesOn(ILogger logger, int partition, string code);
    }
}
