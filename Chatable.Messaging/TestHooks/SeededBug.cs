using Chatable.Messaging.Wire;

namespace Chatable.Messaging.TestHooks;

/// <summary>
/// Bugs that a Debug build can be told to have (CHATABLE_BUG, names separated by commas), to prove that the checker of the delivery
/// promise finds each. A Release build has none of them and no way to ask for one.
/// </summary>
public static class SeededBug
{
#if CHATABLE_TEST_HOOKS
    private const int OneIn = 20;

    private static readonly HashSet<string> s_bugs =
        [.. (Environment.GetEnvironmentVariable("CHATABLE_BUG") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)];

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<long, IReadOnlyList<Guid>> s_servers = new();
    private static Func<IReadOnlyList<IDispatch>, Task>? s_route;

    public static bool Is(string name) => s_bugs.Contains(name);

    /// <summary>Now and then true where the process has the bug.</summary>
    public static bool Strikes(string name) => Is(name) && Random.Shared.Next(OneIn) == 0;

    /// <summary>The servers of each user as they were when first asked for, where the process has the bug.</summary>
    public static IReadOnlyDictionary<long, IReadOnlyList<Guid>> Stale(IReadOnlyDictionary<long, IReadOnlyList<Guid>> servers) =>
        Is("cached_registry") ? servers.ToDictionary(one => one.Key, one => s_servers.GetOrAdd(one.Key, one.Value)) : servers;

    /// <summary>How to route before the commit.</summary>
    public static void RouteEarlyBy(Func<IReadOnlyList<IDispatch>, Task> route) => s_route = route;

    /// <summary>Routes, and takes its time before the commit, where the process has the bug.</summary>
    public static async Task BeforeCommitAsync(IReadOnlyList<IDispatch> outcomes)
    {
        if (!Is("route_before_commit") || s_route is not { } route)
            return;
        await route(outcomes);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
    }

    /// <summary>Puts something off by a few seconds, where the process has the bug.</summary>
    public static Task Later(string name, Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        if (!Is(name))
            return action(cancellationToken);
        _ = Task.Delay(TimeSpan.FromSeconds(5), CancellationToken.None)
            .ContinueWith(_ => action(CancellationToken.None), TaskScheduler.Default);
        return Task.CompletedTask;
    }
#else
    public static bool Is(string name) => false;

    public static bool Strikes(string name) => false;

    public static IReadOnlyDictionary<long, IReadOnlyList<Guid>> Stale(IReadOnlyDictionary<long, IReadOnlyList<Guid>> servers) => servers;

    [System.Diagnostics.Conditional("CHATABLE_TEST_HOOKS")]
    public static void RouteEarlyBy(Func<IReadOnlyList<IDispatch>, Task> route)
    {
    }

    public static Task BeforeCommitAsync(IReadOnlyList<IDispatch> outcomes) => Task.CompletedTask;

    public static Task Later(string name, Func<CancellationToken, Task> action, CancellationToken cancellationToken) =>
        action(cancellationToken);
#endif
}
