using System.Text.Json;
using System.Text.Json.Nodes;
using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Workload;

/// <summary>A frame from the server, as far as the workload needs it.</summary>
internal sealed record Frame(
    string Type, long? Seq, string? MessageId, string? ClientId, long? Conversation, long? ConversationSeq, string? Author,
    string? Recipient, string? Hash, string? Code, bool Retryable, int? RetryAfterMs, bool Duplicate, string? Epoch, long? Head)
{
    public static Frame Parse(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        var json = document.RootElement;
        var type = json.GetProperty("type").GetString()!;
        return new Frame(
            type, Number(json, "seq"), Text(json, "message_id"), Text(json, "client_id"), Number(json, "conversation"),
            Number(json, "conversation_seq"), Text(json, "author"), Text(json, "recipient"),
            type == "message" ? BodyHash.Of(Text(json, "message")!) : null, Text(json, "code"), Flag(json, "retryable"),
            (int?)Number(json, "retry_after_ms"), Flag(json, "duplicate"), Text(json, "epoch"), Number(json, "head"));
    }

    public static byte[] Hello(long? since, string? epoch, string device) => Utf8(new JsonObject
    {
        ["type"] = "hello",
        ["since"] = since,
        ["epoch"] = epoch,
        ["device"] = device,
    });

    public static byte[] Send(Draft draft) => Utf8(new JsonObject
    {
        ["type"] = "send",
        ["client_id"] = draft.ClientId,
        ["recipient"] = draft.To,
        ["message"] = draft.Body,
    });

    private static byte[] Utf8(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static bool Flag(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
