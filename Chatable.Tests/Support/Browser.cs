using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chatable.Tests.Support.Browser))]

namespace Chatable.Tests.Support;

/// <summary>The installed Chromium (or Chrome), headless; started by the first test that needs it.</summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] s_arguments =
    [
        "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly Lock _gate = new();
    private Task<(IPlaywright Playwright, IBrowser Browser)>? _started;

    /// <summary>
    /// A context with its own cookies and storage. The caller must dispose it: a page that has lost its server keeps redrawing.
    /// </summary>
    internal async Task<IBrowserContext> NewContextAsync()
    {
        Task<(IPlaywright, IBrowser Browser)> started;
        lock (_gate)
            started = _started ??= StartAsync();
        return await (await started).Browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = 1280, Height = 800 },
            ColorScheme = ColorScheme.Light,
        });
    }

    /// <summary>Saves a screenshot of the page to <c>artifacts/screenshots</c>.</summary>
    internal static Task PhotographAsync(IPage page, string name) => page.ScreenshotAsync(new()
    {
        Path = Path.Combine(Repository.Root, "artifacts", "screenshots", $"{name}.png"),
    });

    public async ValueTask DisposeAsync()
    {
        if (_started is null)
            return;
        var (playwright, browser) = await _started;
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private static async Task<(IPlaywright, IBrowser)> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = InstalledPrograms.Find("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
            // Chromium's sandbox refuses to run as root.
            ChromiumSandbox = !Environment.IsPrivilegedProcess,
            Args = s_arguments,
        });
        return (playwright, browser);
    }
}
