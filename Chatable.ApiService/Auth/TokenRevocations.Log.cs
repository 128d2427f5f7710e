namespace Chatable.ApiService.Auth;

internal sealed partial class TokenRevocations
{
    [LoggerMessage(LogLevel.Warning, "The end of token {TokenId} was not announced; other replicas see it when they next ask the database")]
    private static partial void LogNotAnnounced(ILogger logger, Exception exception, long tokenId);

    [LoggerMessage(LogLevel.Warning, "Not subscribed to revocations yet; trying again")]
    private static partial void LogNotSubscribed(ILogger logger, Exception exception);
}
