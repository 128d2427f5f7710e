using System.Text.Json;
using NJsonSchema;

namespace Chatable.Tests.Support;

/// <summary>One protocol of the AsyncAPI document: the frames allowed in each direction, with their schemas.</summary>
internal sealed class FrameSchema
{
    private readonly IReadOnlyDictionary<string, JsonSchema> _fromClient;
    private readonly IReadOnlyDictionary<string, JsonSchema> _fromServer;
    private readonly Func<JsonElement, string?> _kindOf;

    private FrameSchema(string version, Func<JsonElement, string?> kindOf)
    {
        (_fromClient, _fromServer, _kindOf) = (Read($"receive{version}"), Read($"send{version}"), kindOf);
    }

    // v1 frames have no type: they are distinguished by fields that only one of them has.
    public static FrameSchema V1 { get; } = new("V1", frame =>
        frame.TryGetProperty("error", out _) ? "v1Error" : frame.TryGetProperty("created_at", out _) ? "v1Message" : "v1Send");

    public static FrameSchema V2 { get; } = new("V2", frame =>
        frame.TryGetProperty("type", out var type) ? type.GetString() : null);

    /// <summary>Reads and compiles everything now: a socket that waited for this later would not answer pings.</summary>
    public static void Load()
    {
        var example = AsyncApi.MessagesOf("sendV1")["v1Message"]["examples"]![0]!["payload"]!;
        V1.AssertSentByServer(JsonDocument.Parse(example.ToJsonString()).RootElement);
        _ = V2;
    }

    /// <summary>The protocol of a connection, by its subprotocol.</summary>
    public static FrameSchema Of(string? subprotocol) => subprotocol == "chatable.v2" ? V2 : V1;

    /// <summary>Fails if a client may not send this frame.</summary>
    public void AssertSentByClient(JsonElement frame) => AssertIn(_fromClient, frame);

    /// <summary>Fails if a server may not send this frame.</summary>
    public void AssertSentByServer(JsonElement frame) => AssertIn(_fromServer, frame);

    private void AssertIn(IReadOnlyDictionary<string, JsonSchema> known, JsonElement frame)
    {
        var kind = _kindOf(frame);
        if (kind is null || !known.TryGetValue(kind, out var schema))
            Assert.Fail($"The AsyncAPI document has no such frame in this direction: {frame}");
        else if (schema.Validate(frame.GetRawText()) is { Count: > 0 } faults)
            Assert.Fail($"{string.Join("; ", faults)}: {frame}");
    }

    private static Dictionary<string, JsonSchema> Read(string operation) => AsyncApi.MessagesOf(operation).ToDictionary(
        message => message.Key,
        message => JsonSchema.FromJsonAsync(message.Value["payload"]!.ToJsonString()).GetAwaiter().GetResult());
}
