using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Chatable.Tests.Support;
using Chatable.Tests.Topology;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Chatable.Tests.Dashboard;

/// <summary>What a developer sees in the dashboard of a running topology. Takes the screenshots for the documentation.</summary>
public sealed class DashboardTests(Browser browser)
{
    private const int Patience = 60_000;

    private static readonly string[] s_spans = ["POST /api/v2/messages", "chatable.accept", "chatable.commit", "chatable.push"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryResourceIsShownWithItsLinksAndOneMessageIsFollowedThroughAllProcesses()
    {
        await using var topology = await RunningTopology.StartAsync(withDashboard: true, "--Api:Replicas=2");
        await using var context = await browser.NewContextAsync();
        var page = await context.NewPageAsync();

        await page.GotoAsync((await topology.App.GetDashboardUrlAsync(Cancelled))!.ToString());
        foreach (var resource in new[] { "api", "chatdb", "fanout", "postgres", "redis" })
            await Expect(RowOf(page, resource)).ToContainTextAsync("Running", new() { Timeout = Patience });
        await Expect(RowOf(page, "migrations")).ToContainTextAsync("Finished");
        await Expect(RowOf(page, "api").GetByRole(AriaRole.Link, new() { Name = "API reference" })).ToBeVisibleAsync();
        await Expect(RowOf(page, "fanout").GetByRole(AriaRole.Link, new() { Name = "Health" })).ToBeVisibleAsync();
        await Browser.PhotographAsync(page, "dashboard-resources");
        await Expect(page.GetByText("development certificate")).ToHaveCountAsync(0);

        var trace = await SendMessageAsync(topology);
        var detail = new Uri(new Uri(page.Url), $"/traces/detail/{trace.ToHexString()}").ToString();
        // Each process exports its spans on its own schedule, and an open page does not refresh.
        await Eventually.HoldsAsync(
            async () =>
            {
                await page.GotoAsync(detail, new() { WaitUntil = WaitUntilState.NetworkIdle });
                var shown = await page.Locator("body").InnerTextAsync();
                return s_spans.All(span => shown.Contains(span, StringComparison.Ordinal));
            },
            "the dashboard has the whole trace", Cancelled, TimeSpan.FromMilliseconds(Patience));
        await Browser.PhotographAsync(page, "dashboard-trace");
    }

    // The first of several replicas: "Project: api-vreaiugt Running …".
    private static ILocator RowOf(IPage page, string resource) =>
        page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex($@"^[\w ]+: {resource}(-\w+)? ") }).First;

    // The client starts the trace, like any caller with tracing.
    private static async Task<ActivityTraceId> SendMessageAsync(RunningTopology topology)
    {
        var (bob, alice) = (await Member.RegisterAsync(topology.Api, Cancelled), await Member.RegisterAsync(topology.Api, Cancelled));
        // Connected to both replicas, since the message may arrive at either.
        await using var phone = await alice.ConnectAsync(Cancelled);
        await using var laptop = await alice.ConnectElsewhereAsync([phone.Server], Cancelled);
        var trace = ActivityTraceId.CreateRandom();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(topology.Api, "/api/v2/messages"))
        {
            Content = JsonContent.Create(new { recipient = alice.Username, message = "hello" }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bob.User.Token.ToJwt());
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N"));
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        using var answer = await http.SendAsync(request, Cancelled);
        answer.EnsureSuccessStatusCode();
        await phone.ReceiveAsync(Cancelled);
        await laptop.ReceiveAsync(Cancelled);
        return trace;
    }
}
