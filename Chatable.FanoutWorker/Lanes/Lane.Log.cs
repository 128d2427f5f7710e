namespace Chatable.FanoutWorker.Lanes;

internal sealed partial class Lane
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A batch of {Partitions} partitions failed ({Code}); each continues alone until its entries are through.")]
        public static partial void BatchFailed(ILogger logger, int partitions, string code, Exception failure);
    }
}
