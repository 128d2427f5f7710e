namespace Chatable.ApiService.Delivery;

internal sealed partial class DispatchReader
{
    [LoggerMessage(LogLevel.Warning, "This server's queue cannot be read. Until it can, pushes are late.")]
    private partial void LogReadFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "The batch at {Position} ({Bytes} bytes) is in a format that this version does not know.")]
    private partial void LogUndecodable(string position, int bytes);

    [LoggerMessage(LogLevel.Warning, "This server's queue could not be removed.")]
    private partial void LogLeftBehind(Exception exception);
}
