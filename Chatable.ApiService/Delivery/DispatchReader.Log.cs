namespace Chatable.ApiService.Delivery;

internal sealed partial class DispatchReader
{
    [LoggerMessage(LogLevel.Warning, "This server's queue cannot be read; pushes come late until it can.")]
    private partial void LogReadFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "The batch at {Position} ({Bytes} bytes) is in no format this version knows.")]
    private partial void LogUndecodable(string position, int bytes);

    [LoggerMessage(LogLevel.Warning, "This server's queue could not be removed.")]
    private partial void LogLeftBehind(Exception exception);
}
