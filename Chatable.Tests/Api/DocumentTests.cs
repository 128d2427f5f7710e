using System.Net;
using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

/// <summary>Rules for all three documents: they have an ETag, name the host of the request, and are not sent again if unchanged.</summary>
public sealed class DocumentTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Paths => ["/openapi/v1.json", "/openapi/v2.json", "/asyncapi.yaml"];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task WhoHasTheDocumentIsToldThatItHasNotChanged(string path)
    {
        using var first = await api.Client.Http.GetAsync(path, Cancellation);
        Assert.NotNull(first.Headers.ETag);
        Assert.False(first.Headers.ETag.IsWeak);
        Assert.True(first.Headers.CacheControl!.NoCache);
        Assert.Equal((await first.Content.ReadAsByteArrayAsync(Cancellation)).Length, first.Content.Headers.ContentLength);

        foreach (var tag in (string[])[first.Headers.ETag.Tag, $"W/{first.Headers.ETag.Tag}", $"\"other\", {first.Headers.ETag.Tag}", "*"])
        {
            using var again = await GetAsync(path, tag);
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Equal(first.Headers.ETag, again.Headers.ETag);
            Assert.Empty(await again.Content.ReadAsByteArrayAsync(Cancellation));
        }

        using var other = await GetAsync(path, "\"other\"");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(Cancellation), await other.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task TheDocumentNamesTheAddressItWasAskedForAt(string path)
    {
        foreach (var host in (string[])["chat.example", "chat.example:8443", "[::1]:81", "xn--bcher-kva.example"])
        {
            var answer = await RawHttp.SendAsync(
                api.Address, System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
                Cancellation);
            Assert.Equal(200, answer.Status);
            Assert.Equal(path.EndsWith(".yaml", StringComparison.Ordinal) ? $"ws {host} " : $"http://{host}/", ServerOf(path, answer.Body));
        }
    }

    internal static string ServerOf(string path, string document)
    {
        if (path.EndsWith(".yaml", StringComparison.Ordinal))
        {
            var server = AsyncApi.Parse(document)["servers"]!["local"]!;
            return $"{server["protocol"]} {server["host"]} {server["pathname"]}";
        }

        using var json = JsonDocument.Parse(document);
        return json.RootElement.GetProperty("servers").EnumerateArray().Single().GetProperty("url").GetString()!;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await api.Client.Http.SendAsync(request, Cancellation);
    }
}
