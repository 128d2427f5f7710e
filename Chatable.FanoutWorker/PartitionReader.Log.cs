namespace Chatable.FanoutWorker;

internal sealed partial class PartitionReader
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Partition {Partition}: a batch failed ({Code}); repeating it in {Wait}.")]
        public static partial void BatchFailed(ILogger logger, int partition, string code, TimeSpan wait, Exception failure);
    }
}
