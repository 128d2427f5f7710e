using Microsoft.Extensions.Logging;

namespace Chatable.Client.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(LogLevel.Information, "The connection is {State} ({Reason}).")]
    public static partial void Changed(ILogger logger, ChatState state, ChatStopReason reason);

    [LoggerMessage(LogLevel.Error, "The connection ended because of a fault in this library.")]
    public static partial void Fault(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The server cannot replay the log from here, and there is no OnReset to load what was missed.")]
    public static partial void LeftOut(ILogger logger);

    [LoggerMessage(LogLevel.Error, "A handler of the application failed.")]
    public static partial void HandlerFailed(ILogger logger, Exception exception);
}
