using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sending;

/// <summary>Why a frame was not taken: a code for people and dashboards, and its frame in protocol v1.</summary>
internal sealed record SendError(string Code, byte[] V1)
{
    public static SendError UnknownRecipient { get; } = Create("unknown_recipient", 400, "User error", "unknown username");

    public static SendError Forbidden { get; } =
        new("forbidden", V1Frames.Error(400, "Form error", FieldFaults.Of("author", "is somebody else")));

    public static SendError Refused { get; } = Create("invalid", 400, "Form error", "the message cannot be stored");

    public static SendError OutOfOrder { get; } =
        Create("out_of_order", 503, "Service unavailable", "an earlier message was lost, send both again");

    public static SendError RateLimited { get; } = Create("rate_limited", 429, "Too many requests", "slow down, send it again later");

    public static SendError Busy { get; } = Create("busy", 503, "Service unavailable", "busy, send it again later");

    public static SendError Unavailable { get; } = Create("unavailable", 503, "Service unavailable", "unavailable, send it again later");

    public static SendError Invalid(FieldFaults faults) => new("invalid", V1Frames.Error(400, "Form error", faults));

    private static SendError Create(string code, int status, string message, string error) =>
        new(code, V1Frames.Error(status, message, FieldFaults.Of("error", error)));
}
