using Microsoft.Extensions.Logging;

namespace Chatable.Messaging.Tokens;

public sealed partial class TokenStore
{
    [LoggerMessage(LogLevel.Error, "The secret of token {TokenId} cannot be decrypted: its row was altered, or its key is another one")]
    private static partial void LogAlteredSecret(ILogger logger, long tokenId);

    [LoggerMessage(LogLevel.Error, "The secret of token {TokenId} cannot be decrypted: no encryption key {KeyId} is configured")]
    private static partial void LogKeyMissing(ILogger logger, long tokenId, int keyId);

    [LoggerMessage(LogLevel.Warning, "A refresh token of user {UserId} was reused: {Count} live tokens of its line are revoked")]
    private static partial void LogReuse(ILogger logger, long userId, int count);
}
