using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chatable.ApiService.Http;

/// <summary>The description of the WebSocket for machines and people: <c>/asyncapi.yaml</c>, written by hand.</summary>
internal static class AsyncApiDocument
{
    public const string Resource = "asyncapi.yaml";

    // The text in the file.
    private const string Server = "host: localhost:8080\n    protocol: ws\n";

    public static void MapAsyncApi(this WebApplication app)
    {
        var document = new ServedDocument(Read(), Server, "application/yaml", NameServer);
        app.MapGet("/asyncapi.yaml", document.AnswerAsync).ExcludeFromDescription();
    }

    private static string NameServer(HttpRequest request)
    {
        var path = request.PathBase.HasValue ? $"    pathname: {Quote(request.PathBase.ToUriComponent())}\n" : "";
        return $"host: {Quote(request.Host.ToUriComponent())}\n    protocol: {(request.IsHttps ? "wss" : "ws")}\n{path}";
    }

    // A JSON string is also a YAML string.
    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Read()
    {
        using var reader = new StreamReader(typeof(AsyncApiDocument).Assembly.GetManifestResourceStream(Resource)!);
        return reader.ReadToEnd();
    }
}
