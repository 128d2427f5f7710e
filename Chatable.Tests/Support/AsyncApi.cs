using System.Text;
using System.Text.Json.Nodes;
using Chatable.ApiService.Http;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Chatable.Tests.Support;

/// <summary>The AsyncAPI document, with its references followed.</summary>
internal static class AsyncApi
{
    public static string Text { get; } = Encoding.UTF8.GetString(ReadResource());

    public static JsonObject Document { get; } = Parse(Text);

    /// <summary>What a reference such as <c>#/components/schemas/Uuid</c> names; fails where there is nothing.</summary>
    public static JsonNode Find(string reference)
    {
        JsonNode? node = Document;
        foreach (var step in reference.TrimStart('#', '/').Split('/'))
            node = node?[step];
        return node ?? throw new InvalidOperationException($"{reference} leads nowhere.");
    }

    /// <summary>A copy in which whatever is referred to stands in the place of the reference.</summary>
    public static JsonNode? Resolve(JsonNode? node) => node switch
    {
        JsonObject reference when reference["$ref"] is { } to => Resolve(Find(to.GetValue<string>())),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Resolve(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Resolve)]),
        _ => node?.DeepClone(),
    };

    /// <summary>The messages of an operation by name, their references followed.</summary>
    public static IReadOnlyDictionary<string, JsonObject> MessagesOf(string operation) =>
        Document["operations"]![operation]!["messages"]!.AsArray()
            .Select(message => message!["$ref"]!.GetValue<string>())
            .ToDictionary(reference => reference[(reference.LastIndexOf('/') + 1)..], reference => Resolve(Find(reference))!.AsObject());

    /// <summary>
    /// A document such as the server gives it out, and any other in YAML; what is merged into a mapping by <c>&lt;&lt;</c> stands in it.
    /// </summary>
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
