namespace Chatable.Tests.Support;

/// <summary>Waits for a condition. Only a failing test reaches the limit.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    public static async Task HoldsAsync(
        Func<Task<bool>> condition, string what, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > (limit ?? TimeSpan.FromSeconds(30)))
                Assert.Fail($"Timed out waiting until {what}.");
            await Task.Delay(s_pause, cancellationToken);
        }
    }
}
