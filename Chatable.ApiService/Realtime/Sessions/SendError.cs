using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V1;
using Chatable.Messaging.Wire.V2;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>Why a frame was rejected, for every protocol.</summary>
/// <param name="Code">For programs and dashboards.</param>
/// <param name="Message">For people. Quotes nothing from the frame.</param>
/// <param name="RetryAfter">How long to wait before a retry of the same message can succeed. Null if it never can.</param>
/// <param name="V1">The error frame in protocol v1.</param>
internal sealed record SendError(string Code, string Message, TimeSpan? RetryAfter, byte[] V1)
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    public bool IsRetryable => RetryAfter is not null;

    public static SendError UnknownRecipient { get; } = Final("unknown_recipient", "User error", "unknown username");

    public static SendError Forbidden { get; } = Final("forbidden", FieldFaults.Of("author", "is somebody else"));

    public static SendError Refused { get; } = Final("invalid", "Form error", "the message cannot be stored");

    public static SendError KeyReused { get; } = Final(
        "idempotency_key_reused", FieldFaults.Of("client_id", "was used for another message"));

    public static SendError Unsupported { get; } = Final("unsupported", "Form error", "no frame has this type");

    // The message may be resent at once, after the one that was lost.
    public static SendError OutOfOrder { get; } = Retryable(
        "out_of_order", 503, "Service unavailable", "an earlier message was lost, send both again", TimeSpan.Zero);

    public static SendError RateLimited { get; } =
        Retryable("rate_limited", 429, "Too many requests", "slow down, send it again later", s_soon);

    public static SendError Busy { get; } = Retryable("busy", 503, "Service unavailable", "busy, send it again later", s_soon);

    public static SendError Unavailable { get; } =
        Retryable("unavailable", 503, "Service unavailable", "unavailable, send it again later", s_soon);

    public static SendError Invalid(FieldFaults faults) => Final("invalid", faults);

    public static SendError TooLarge(FieldFaults faults) => Final("too_large", faults);

    public static SendError Empty(FieldFaults faults) => Final("empty", faults);

    public byte[] V2(ClientId? clientId) =>
        V2SessionFrames.Error(clientId, Code, Message, IsRetryable, RetryAfter > TimeSpan.Zero ? RetryAfter : null);

    private static SendError Final(string code, FieldFaults faults) =>
        new(code, faults.ToString(), RetryAfter: null, V1Frames.Error(400, "Form error", faults));

    private static SendError Final(string code, string kind, string message) =>
        new(code, message, RetryAfter: null, V1Frames.Error(400, kind, FieldFaults.Of("error", message)));

    private static SendError Retryable(string code, int status, string kind, string message, TimeSpan retryAfter) =>
        new(code, message, retryAfter, V1Frames.Error(status, kind, FieldFaults.Of("error", message)));
}
