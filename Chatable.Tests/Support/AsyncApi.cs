using System.Text;
using System.Text.Json.Nodes;
using Chatable.ApiService.Http;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Chatable.Tests.Support;

/// <summary>The AsyncAPI document, with its references resolved.</summary>
internal static class AsyncApi
{
    public static string Text { get; } = Encoding.UTF8.GetString(ReadResource());

    public static JsonObject Document { get; } = Parse(Text);

    /// <summary>The target of a reference such as <c>#/components/schemas/Uuid</c>; fails if there is none.</summary>
    public static JsonNode Find(string reference)
    {
        JsonNode? node = Document;
        foreach (var step in reference.TrimStart('#', '/').Split('/'))
            node = node?[step];
        return node ?? throw new InvalidOperationException($"{reference} has no target.");
    }

    /// <summary>A copy with every reference replaced by its target.</summary>
    public static JsonNode? Resolve(JsonNode? node) => node switch
    {
        JsonObject reference when reference["$ref"] is { } to => Resolve(Find(to.GetValue<string>())),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Resolve(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Resolve)]),
        _ => node?.DeepClone(),
    };

    /// <summary>The messages of an operation by name, with their references resolved.</summary>
    public static IReadOnlyDictionary<string, JsonObject> MessagesOf(string operation) =>
        Document["operations"]![operation]!["messages"]!.AsArray()
            .Select(message => message!["$ref"]!.GetValue<string>())
            .ToDictionary(reference => reference[(reference.LastIndexOf('/') + 1)..], reference => Resolve(Find(reference))!.AsObject());

    /// <summary>Parses a document as the server returns it, or any other YAML; merge keys (<c>&lt;&lt;</c>) are resolved.</summary>
    public static JsonObject Parse(string text)
    {
        var yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
            .Deserialize(new MergingParser(new Parser(new StringReader(text))))!;
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(yaml))!.AsObject();
    }

    private static byte[] ReadResource()
    {
        using var resource = typeof(AsyncApiDocument).Assembly.GetManifestResourceStream(AsyncApiDocument.Resource)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
