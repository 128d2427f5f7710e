namespace Chatable.Client.Session;

/// <summary>What to do after a connection has ended.</summary>
internal enum CloseAdvice
{
    /// <summary>The server is busy, or the cause is unknown: reconnect with a delay that grows with each failure.</summary>
    BackOff,

    /// <summary>The server stops and others are available: reconnect after a random delay of some seconds.</summary>
    Spread,

    /// <summary>Wait as long as the server asked, then reconnect.</summary>
    Wait,

    /// <summary>Reconnect after minutes: sooner, it would close another connection of the user.</summary>
    Later,

    /// <summary>Nothing is wrong: reconnect at once.</summary>
    AtOnce,

    /// <summary>The token has ended.</summary>
    Authenticate,

    /// <summary>Reconnecting would end the same way.</summary>
    Stop,
}

/// <summary>
/// The client's reaction to the close codes.
/// <code>
/// 1001 1012            Spread          1002 1003 1007 1009 4400   Stop, a fault of this client
/// 4401                 Authenticate    1008                       Stop, policy
/// 4429                 Wait            4409                       Later; Stop, replaced, where the reason names the same device
/// 1000 1006 1011 1013 4408 and all others, and no close frame at all: BackOff
/// </code>
/// </summary>
internal static class CloseAdvices
{
    public static (CloseAdvice Advice, ChatStopReason Reason) For(int? code, string? reason = null) => code switch
    {
        1001 or 1012 => (CloseAdvice.Spread, ChatStopReason.None),
        4401 => (CloseAdvice.Authenticate, ChatStopReason.None),
        4429 => (CloseAdvice.Wait, ChatStopReason.None),
        1002 or 1003 or 1007 or 1009 or 4400 => (CloseAdvice.Stop, ChatStopReason.ProtocolFault),
        1008 => (CloseAdvice.Stop, ChatStopReason.Policy),
        4409 => reason?.Contains("same device", StringComparison.Ordinal) is true
            ? (CloseAdvice.Stop, ChatStopReason.Replaced)
            : (CloseAdvice.Later, ChatStopReason.None),
        _ => (CloseAdvice.BackOff, ChatStopReason.None),
    };
}
