namespace Chatable.Tests.LocalHosting;

/// <summary>Small topologies of a test's own, and folders that go with the test.</summary>
internal static class LocalTopology
{
    /// <summary>Begins anew each time it is asked for: a loop takes it once, before it begins.</summary>
    public static CancellationToken Timeout => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public static async Task<DistributedApplication> StartAsync(Action<IDistributedApplicationBuilder> declare, params string[] args)
    {
        var app = await BuildAsync(declare, args);
        await app.StartAsync(Timeout);
        return app;
    }

    public static async Task<DistributedApplication> BuildAsync(Action<IDistributedApplicationBuilder> declare, params string[] args)
    {
        var builder = DistributedApplicationTestingBuilder.Create(args);
        declare(builder);
        return await builder.BuildAsync();
    }

    public static IResourceBuilder<ExecutableResource> AddShell(this IDistributedApplicationBuilder builder, string name, string script) =>
        builder.AddExecutable(name, "/bin/sh", "/", "-c", script);

    public static Task<ResourceEvent> WaitForEndAsync(this DistributedApplication app, string name) =>
        app.ResourceNotifications.WaitForResourceAsync(name, e => e.Snapshot.HasEnded, Timeout);

    public static async Task WaitUntilGoneAsync(IEnumerable<int> processIds)
    {
        var timeout = Timeout;
        foreach (var processId in processIds)
            while (ChildProcess.IsAlive(processId))
                await Task.Delay(20, timeout);
    }

    public static int ProcessIdOf(this DistributedApplication app, string name) =>
        app.ResourceNotifications.TryGetCurrentState(name, out var e)
        && e.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value is int processId
            ? processId
            : throw new InvalidOperationException($"{name} does not run.");
}

/// <summary>A folder for the volumes or logs of one test.</summary>
internal sealed class TestFolder : IDisposable
{
    // Not a folder that root alone can enter: the servers run as another user.
    public string Path { get; } = Directory.CreateDirectory(
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"chatabletest{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
