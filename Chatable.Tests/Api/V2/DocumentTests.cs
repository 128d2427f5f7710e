using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

public sealed class DocumentTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheDocumentDescribesEveryEndpointWithExamples()
    {
        using var document = JsonDocument.Parse(await api.Client.Http.GetStringAsync("/openapi/v2.json", Cancellation));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Name: $"{operation.Name} {path.Name}", operation.Value)))
            .ToDictionary(operation => operation.Name, operation => operation.Value);
        Assert.Equal(
            ["get /api/v2/conversations", "get /api/v2/conversations/{id}/messages", "get /api/v2/sync", "post /api/v2/messages",
             "post /api/v2/register"],
            operations.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, operation) in operations)
        {
            Assert.Equal(name != "post /api/v2/register", operation.TryGetProperty("security", out _));
            foreach (var response in operation.GetProperty("responses").EnumerateObject())
            {
                var media = response.Value.GetProperty("content").EnumerateObject().Single();
                Assert.Equal(response.Name.StartsWith('2') ? "application/json" : "application/problem+json", media.Name);
                Assert.True(media.Value.TryGetProperty("example", out _), $"{name} {response.Name}");
            }
        }

        var parameters = operations["get /api/v2/sync"].GetProperty("parameters").EnumerateArray();
        Assert.Equal(["epoch", "limit", "since", "wait"], parameters.Select(parameter => parameter.Text("name")!).Order());
        Assert.Contains(
            operations["post /api/v2/messages"].GetProperty("parameters").EnumerateArray(),
            parameter => (parameter.Text("name"), parameter.Text("in")) == ("Idempotency-Key", "header"));
        Assert.Contains("/asyncapi.yaml", document.RootElement.GetProperty("info").Text("description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFramesAreDescribedWhereTheDocumentSays()
    {
        using var answer = await api.Client.Http.GetAsync("/asyncapi.yaml", Cancellation);
        Assert.Equal("application/yaml", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            AsyncApi.Text.Replace("host: localhost:8080", $"host: \"{api.Address.Authority}\"", StringComparison.Ordinal),
            await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
