using System.Net.Http.Headers;
using Chatable.Tests.Support;
using Chatable.Tests.Topology;

namespace Chatable.Tests.Parity;

/// <summary>Which tokens the original accepts and how it validates forms, against the running topology.</summary>
public sealed class SeedTokenTests(TopologyFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    public async Task TheSchemeIsTakenInAnyLetterCase(string scheme)
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/inbox");
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, user.Token.ToJwt());

        SeedAccountTests.AssertSuccess(await client.SendAsync(request, Cancelled), items: 0);
    }

    [Theory]
    [InlineData("""{}""", true)]
    [InlineData("""{"iss":"anybody","sub":"anything"}""", true)]
    [InlineData("""{"exp":4102444800,"nbf":1420070400}""", true)]
    [InlineData("""{"exp":1420070400}""", false)]
    [InlineData("""{"nbf":4102444800}""", false)]
    public async Task ClaimsAreFreeAndTimesAreHonouredWhereTheyAreGiven(string claims, bool isTaken)
    {
        using var client = await ClientAsync();
        var user = await client.RegisterAsync(Cancelled);

        var answer = await client.SendAsync(HttpMethod.Get, "/api/inbox", user.Token.ToJwt(claims), Cancelled);

        if (isTaken)
            SeedAccountTests.AssertSuccess(answer, items: 0);
        else
            SeedAccountTests.AssertUnauthenticated(answer);
    }

    [Fact]
    public async Task EveryBadFieldHasAnEntryOfItsOwn()
    {
        using var client = await ClientAsync();

        Dictionary<string, string> form = new()
        {
            ["last_name"] = "Bobson",
            ["username"] = "1bob",
            ["password"] = "nine chars",
            ["phone"] = "x",
        };

        var answer = await client.PostAsync("/api/register", form, Cancelled);

        SeedAccountTests.AssertFailure(answer, 400, "Form error", "username", "please enter a valid name");
        Assert.Equal(
            [
                ("email", "is required"),
                ("first_name", "is required"),
                ("password", "please enter a password without any space"),
                ("phone", "please enter a valid phone number"),
                ("username", "please enter a valid name"),
            ],
            answer.Error.GetProperty("errors").EnumerateObject()
                .Select(fault => (fault.Name, fault.Value.GetString()!)).OrderBy(fault => fault.Name, StringComparer.Ordinal));
    }

    private async Task<ChatClient> ClientAsync() => new((await fixture.StartedAsync()).Api);
}
