using System.Text;
using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api.V2;

public sealed class RegistrationTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnswerIsTheUserWithAToken()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        var answer = await RegisterAsync(form);

        Assert.Equal(201, answer.Status);
        Assert.Equal(["email", "first_name", "last_name", "phone_number", "token", "username"], answer.Envelope.Names());
        var token = ChatToken.From(answer.Envelope.GetProperty("token"));
        Assert.Equal(200, (await api.Client.GetAsync("/api/v2/sync", token, Cancellation)).Status);
    }

    [Theory]
    [InlineData("correct horse battery staple", "correct horse battery staple")]
    [InlineData("le caf\u00e9 au lait", "le cafe\u0301 au\u00a0lait")]
    public async Task PassphraseHasSpacesAndOpensHoweverItIsTyped(string chosen, string typed)
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form["password"] = chosen;
        Assert.Equal(201, (await RegisterAsync(form)).Status);
        await api.Client.LogInAsync(form["username"], typed, Cancellation);
    }

    [Theory]
    [InlineData("password", "nine char")]
    [InlineData("username", "1bob")]
    [InlineData("username", "Everyone")]
    [InlineData("email", "hello")]
    [InlineData("phone", "")]
    public async Task BadFieldIsNamed(string field, string value)
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = value;
        (await RegisterAsync(form)).AssertProblem(400, "invalid", field);
    }

    [Theory]
    [InlineData("username")]
    [InlineData("email")]
    [InlineData("phone")]
    public async Task WhatIsTakenIsAConflict(string field)
    {
        var (first, second) = (ChatClient.RegistrationOf(ChatClient.NewName()), ChatClient.RegistrationOf(ChatClient.NewName()));
        await RegisterAsync(first);
        second[field] = first[field].ToUpperInvariant();
        (await RegisterAsync(second)).AssertProblem(409, "not_unique", field);
    }

    [Theory]
    [InlineData("application/json", "{", 400, "invalid")]
    [InlineData("application/json", "[]", 400, "invalid")]
    [InlineData("application/x-www-form-urlencoded", "username=bob", 415, "unsupported")]
    public async Task OtherBodiesAreProblems(string mediaType, string body, int status, string code)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        var answer = await PostAsync(content);
        answer.AssertProblem(status, code, status == 400 ? ["body"] : []);
    }

    [Fact]
    public async Task ReservedNamesAreAnOperatorsChoiceAndWhoHasOneKeepsIt()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        Assert.Equal(201, (await RegisterAsync(form)).Status);
        using var other = await api.StartAnotherAsync(("Accounts__ReservedUsernames", $"{form["username"].ToUpperInvariant()}, Bots"));
        using var client = new ChatClient(other.Address);

        await client.LogInAsync(form["username"], form["password"], Cancellation);
        var answer = await client.PostAsync("/api/register", ChatClient.RegistrationOf("bots"), Cancellation);
        Assert.Equal((400, "please enter another name, this one is reserved"), (answer.Status, answer.ErrorOf("username")));
        Assert.Equal(200, (await client.PostAsync("/api/register", ChatClient.RegistrationOf("system"), Cancellation)).Status);
    }

    [Fact]
    public async Task ReservedNameThatIsNoneStopsTheStart()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => api.StartAnotherAsync(("Accounts__ReservedUsernames", "admin,no name")));
        Assert.Contains("Accounts:ReservedUsernames has 'no name'", failure.Message, StringComparison.Ordinal);
    }

    private async Task<ChatAnswer> RegisterAsync(Dictionary<string, string> form)
    {
        var body = new JsonObject(form.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await PostAsync(content);
    }

    private async Task<ChatAnswer> PostAsync(StringContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v2/register") { Content = content };
        return await api.Client.SendAsync(request, Cancellation);
    }
}
