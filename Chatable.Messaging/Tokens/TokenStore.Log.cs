using Microsoft.Extensions.Logging;

namespace Chatable.Messaging.Tokens;

public sealed partial class TokenStore
{
    [LoggerMessage(LogLevel.Error, "The secret of token {TokenId} cannot be decrypted: its key is not configured, or the row was altered")]
    private static partial void LogUnreadableSecret(ILogger logger, long tokenId);

    [LoggerMessage(LogLevel.Warning, "A refresh token of user {UserId} was given again after its successor had been used: {Count} tokens of its line are revoked")]
    private static partial void LogReuse(ILogger logger, long userId, int count);
}
