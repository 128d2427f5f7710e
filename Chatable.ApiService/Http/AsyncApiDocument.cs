namespace Chatable.ApiService.Http;

/// <summary>The WebSocket described for machines and people: <c>/asyncapi.yaml</c>, written by hand.</summary>
internal static class AsyncApiDocument
{
    public const string Resource = "asyncapi.yaml";

    public static void MapAsyncApi(this WebApplication app)
    {
        var document = Read();
        app.MapGet("/asyncapi.yaml", () => TypedResults.Bytes(document, "application/yaml")).ExcludeFromDescription();
    }

    private static byte[] Read()
    {
        using var resource = typeof(AsyncApiDocument).Assembly.GetManifestResourceStream(Resource)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
