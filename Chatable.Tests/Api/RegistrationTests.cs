using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chatable.Tests.Support;

namespace Chatable.Tests.Api;

public sealed class RegistrationTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnswerHasTheNamesAndTheOrderOfTheContract()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        var answer = await api.Client.PostAsync("/api/register", form, Cancellation);

        Assert.Equal(200, answer.Status);
        Assert.Equal(["status", "data", "error", "page", "per_page", "current_page"], Names(answer.Envelope));
        Assert.Equal(["email", "first_name", "last_name", "phone_number", "token", "username"], Names(answer.Item));
        Assert.Equal(
            ["access_key_id", "created_at", "expires_at", "is_refreshable", "modified_at", "refresh_token", "secret_access_key"],
            Names(answer.Item.GetProperty("token")));
        Assert.Equal("""{"code":200,"errors":null,"message":""}""", answer.Error.GetRawText());
        Assert.Equal("success", answer.Envelope.GetProperty("status").GetString());
        Assert.Equal((1, 10, 1), Paging(answer));
        Assert.Equal(form["email"], answer.Item.GetProperty("email").GetString());
        Assert.Equal(form["phone"], answer.Item.GetProperty("phone_number").GetString());
    }

    [Fact]
    public async Task TokenHasKeysOfBase32AndLivesThirtyDays()
    {
        var answer = await api.Client.PostAsync("/api/register", ChatClient.RegistrationOf(ChatClient.NewName()), Cancellation);
        var token = answer.Item.GetProperty("token");

        foreach (var name in (string[])["access_key_id", "refresh_token", "secret_access_key"])
            Assert.Matches("^[A-Z2-7]{52}$", token.GetProperty(name).GetString());
        foreach (var name in (string[])["created_at", "expires_at", "modified_at"])
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", token.GetProperty(name).GetString());
        Assert.True(token.GetProperty("is_refreshable").GetBoolean());
        var (created, expires) = (token.GetProperty("created_at").GetDateTimeOffset(), token.GetProperty("expires_at").GetDateTimeOffset());
        Assert.Equal(TimeSpan.FromDays(30), expires - created);
    }

    [Fact]
    public async Task JsonObjectIsTakenLikeAForm()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        var body = new JsonObject(form.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/register")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        Assert.Equal(form["username"], (await api.Client.SendAsync(request, Cancellation)).Item.GetProperty("username").GetString());
    }

    [Fact]
    public async Task TextIsKeptAsItWasWritten()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        (form["first_name"], form["last_name"]) = ("Zoë & <b>+%", "Müller-李 🙂");
        var item = (await api.Client.PostAsync("/api/register", form, Cancellation)).Item;
        Assert.Equal(form["first_name"], item.GetProperty("first_name").GetString());
        Assert.Contains("Müller-李", item.GetProperty("last_name").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("first_name", "", "is required")]
    [InlineData("last_name", "  ", "is required")]
    [InlineData("username", "", "is required")]
    [InlineData("password", "", "is required")]
    [InlineData("email", "", "is required")]
    [InlineData("phone", "", "is required")]
    [InlineData("email", "hello", "please enter a valid email address")]
    [InlineData("email", "a b@example.com", "please enter a valid email address")]
    [InlineData("email", "hello@example.com\n", "please enter a valid email address")]
    [InlineData("password", "ninechars", "please enter a password with at least 10 characters")]
    [InlineData("password", "correct horse", "please enter a password without any space")]
    [InlineData("password", "correct\thorse", "please enter a password without any space")]
    [InlineData("phone", "+123456789", "please enter a valid phone number")]
    [InlineData("phone", "١٢٣", "please enter a valid phone number")]
    [InlineData("username", "b", "please enter a valid name")]
    [InlineData("username", "1bob", "please enter a valid name")]
    [InlineData("username", "_bob", "please enter a valid name")]
    [InlineData("username", "bo b", "please enter a valid name")]
    [InlineData("username", "bob\n", "please enter a valid name")]
    [InlineData("username", "böb", "please enter a valid name")]
    [InlineData("username", "bob\0", "please enter a valid name")]
    [InlineData("first_name", "Bo\0b", "please enter no control characters")]
    [InlineData("password", "correct\0horse", "please enter no control characters")]
    [InlineData("username", "admin", "please enter another name, this one is reserved")]
    [InlineData("username", "ADMIN", "please enter another name, this one is reserved")]
    [InlineData("username", "Root", "please enter another name, this one is reserved")]
    [InlineData("username", "support", "please enter another name, this one is reserved")]
    [InlineData("username", "system", "please enter another name, this one is reserved")]
    [InlineData("username", "everyone", "please enter another name, this one is reserved")]
    [InlineData("username", "heRe", "please enter another name, this one is reserved")]
    public async Task BadFieldIsNamed(string field, string value, string fault)
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = value;
        var answer = await api.Client.PostAsync("/api/register", form, Cancellation);

        Assert.Equal(400, answer.Status);
        Assert.Equal("Form error", answer.Message);
        Assert.Equal([field], Names(answer.Error.GetProperty("errors")));
        Assert.Equal(fault, answer.ErrorOf(field));
        Assert.Equal(400, answer.Error.GetProperty("code").GetInt32());
        Assert.Equal((1, 10, 0), Paging(answer));
        Assert.Equal("[]", answer.Data.GetRawText());
        Assert.Equal("fail", answer.Envelope.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("username", 64)]
    [InlineData("first_name", 100)]
    [InlineData("last_name", 100)]
    [InlineData("phone", 32)]
    [InlineData("password", 128)]
    public async Task FieldOfTheGreatestLengthIsTakenAndOneMoreCharacterIsNot(string field, int longest)
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = form[field].PadRight(longest, '7');
        Assert.Equal(200, (await api.Client.PostAsync("/api/register", form, Cancellation)).Status);

        form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = form[field].PadRight(longest + 1, '7');
        Assert.Equal($"please enter no more than {longest} characters",
            (await api.Client.PostAsync("/api/register", form, Cancellation)).ErrorOf(field));
    }

    [Theory]
    [InlineData("first_name", 100)]
    [InlineData("last_name", 100)]
    [InlineData("password", 128)]
    public async Task LengthsCountCharactersAndNotTheirHalves(string field, int longest)
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form[field] = string.Concat(Enumerable.Repeat("\U0001f40e", longest));
        Assert.Equal(200, (await api.Client.PostAsync("/api/register", form, Cancellation)).Status);
    }

    [Fact]
    public async Task NineCharactersAreNoTenForHavingTwoHalvesEach()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        form["password"] = string.Concat(Enumerable.Repeat("\U0001f40e", 9));
        var answer = await api.Client.PostAsync("/api/register", form, Cancellation);
        Assert.Equal("please enter a password with at least 10 characters", answer.ErrorOf("password"));
    }

    [Fact]
    public async Task EveryMissingFieldIsNamedAtOnce()
    {
        var answer = await api.Client.PostAsync("/api/register", [], Cancellation);
        Assert.Equal(["first_name", "last_name", "username", "password", "email", "phone"], Names(answer.Error.GetProperty("errors")));
    }

    [Theory]
    [InlineData("username")]
    [InlineData("email")]
    [InlineData("phone")]
    public async Task TakenNameEmailOrPhoneIsRefused(string field)
    {
        var first = ChatClient.RegistrationOf(ChatClient.NewName());
        await api.Client.PostAsync("/api/register", first, Cancellation);
        var second = ChatClient.RegistrationOf(ChatClient.NewName());
        second[field] = first[field].ToUpperInvariant();

        var answer = await api.Client.PostAsync("/api/register", second, Cancellation);
        Assert.Equal((400, "User error", "Some fileds are not unique"), (answer.Status, answer.Message, answer.ErrorOf("error")));
        // The original's text, plus the name of the field.
        Assert.Equal(["error", field], Names(answer.Error.GetProperty("errors")));
        Assert.Equal("is taken", answer.ErrorOf(field));
    }

    [Fact]
    public async Task EverythingThatIsTakenIsNamedAtOnce()
    {
        var form = ChatClient.RegistrationOf(ChatClient.NewName());
        await api.Client.PostAsync("/api/register", form, Cancellation);

        var answer = await api.Client.PostAsync("/api/register", form, Cancellation);
        Assert.Equal(["error", "username", "email", "phone"], Names(answer.Error.GetProperty("errors")));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    private static (int Page, int PerPage, int CurrentPage) Paging(ChatAnswer answer) => (
        answer.Envelope.GetProperty("page").GetInt32(),
        answer.Envelope.GetProperty("per_page").GetInt32(),
        answer.Envelope.GetProperty("current_page").GetInt32());
}
