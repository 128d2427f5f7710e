using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chatable.Client.Wire;

/// <summary>All fields of all frames from a server. <see cref="ServerFrames"/> knows which fields each frame has.</summary>
internal sealed record FrameFields
{
    public string? Type { get; init; }
    public string? ClientId { get; init; }
    public Guid? MessageId { get; init; }
    public long? Seq { get; init; }
    public long? Conversation { get; init; }
    public long? ConversationSeq { get; init; }
    public string? Author { get; init; }
    public string? Recipient { get; init; }
    public string? Message { get; init; }
    public int? MessageType { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public bool? Duplicate { get; init; }
    public Guid? Epoch { get; init; }
    public long? Head { get; init; }
    public long? SharedUntil { get; init; }
    public int? HeartbeatMs { get; init; }
    public int? MaxFrameBytes { get; init; }
    public int? Window { get; init; }
    public string? Code { get; init; }
    public bool? Retryable { get; init; }
    public long? RetryAfterMs { get; init; }
    public long? ReconnectWithinMs { get; init; }
}

internal sealed record HelloFields(
    string Type, long? Since, Guid? Epoch, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Device);

internal sealed record SendFields(string Type, string ClientId, string Recipient, string Message, int MessageType);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FrameFields))]
[JsonSerializable(typeof(HelloFields))]
[JsonSerializable(typeof(SendFields))]
internal sealed partial class FrameJson : JsonSerializerContext
{
    /// <summary>Writes text without unnecessary escapes, which could make the frame of an acceptable message too long.</summary>
    public static FrameJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
