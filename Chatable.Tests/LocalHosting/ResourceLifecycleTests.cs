namespace Chatable.Tests.LocalHosting;

/// <summary>How single resources start, end and are commanded.</summary>
public sealed class ResourceLifecycleTests
{
    [Fact]
    public async Task AFailedMigrationKeepsItsDependentsFromStartingAndTellsWhy()
    {
        await using var app = await LocalTopology.StartAsync(builder =>
        {
            var migrations = builder.AddShell("migrations", "echo relation users does not exist; exit 3");
            builder.AddShell("api", "sleep 600").WaitForCompletion(migrations);
        });

        var failure = await Assert.ThrowsAsync<DistributedApplicationException>(
            () => app.ResourceNotifications.WaitForResourceHealthyAsync("api", LocalTopology.Timeout));

        Assert.Contains("'migrations', which failed. It ended by itself with exit code 3.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("relation users does not exist", failure.Message, StringComparison.Ordinal);
        var api = await app.WaitForEndAsync("api");
        Assert.Equal(KnownResourceStates.FailedToStart, api.Snapshot.State?.Text);
    }

    [Fact]
    public async Task AFailedMigrationEndsARunWithAnExitCode()
    {
        await using var app = await LocalTopology.BuildAsync(builder =>
        {
            var migrations = builder.AddShell("migrations", "exit 3");
            builder.AddShell("api", "sleep 600").WaitForCompletion(migrations);
            builder.AddShell("other", "sleep 600");
        });

        Assert.Equal(1, await app.RunToExitCodeAsync(LocalTopology.Timeout));
    }

    [Fact]
    public async Task AMigrationThatEndsWellLetsItsDependentsStart()
    {
        await using var app = await LocalTopology.StartAsync(builder =>
        {
            var migrations = builder.AddShell("migrations", "exit 0");
            builder.AddShell("api", "sleep 600").WaitForCompletion(migrations);
        });

        await app.ResourceNotifications.WaitForResourceHealthyAsync("api", LocalTopology.Timeout);

        var migrations = await app.WaitForEndAsync("migrations");
        Assert.Equal(KnownResourceStates.Finished, migrations.Snapshot.State?.Text);
    }

    [Fact]
    public async Task ACrashedResourceIsReportedAndTheOthersGoOn()
    {
        await using var app = await LocalTopology.StartAsync(builder =>
        {
            builder.AddShell("crashing", "kill -ABRT $$");
            builder.AddShell("other", "sleep 600");
        });

        var crashed = await app.WaitForEndAsync("crashing");

        Assert.Equal(KnownResourceStates.Finished, crashed.Snapshot.State?.Text);
        Assert.Equal(128 + 6, crashed.Snapshot.ExitCode);
        await app.ResourceNotifications.WaitForResourceAsync("other", KnownResourceStates.Running, LocalTopology.Timeout);
    }

    [Fact]
    public async Task AMissingProgramIsToldInOneSentence()
    {
        await using var app = await LocalTopology.StartAsync(builder => builder.AddExecutable("missing", "/no/such/program", "/"));

        var ended = await app.WaitForEndAsync("missing");

        Assert.Equal(KnownResourceStates.FailedToStart, ended.Snapshot.State?.Text);
        Assert.Equal("The program '/no/such/program' was not found.", ended.Snapshot.Reason);
    }

    [Fact]
    public async Task AResourceCanBeStoppedStartedAndRestarted()
    {
        await using var app = await LocalTopology.StartAsync(builder => builder.AddShell("worker", "exec sleep 600"));
        await app.ResourceNotifications.WaitForResourceHealthyAsync("worker", LocalTopology.Timeout);
        var first = app.ProcessIdOf("worker");

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("worker", KnownResourceCommands.StopCommand)).Success);
        var stopped = await app.WaitForEndAsync("worker");
        Assert.False(ChildProcess.IsAlive(first));

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(stopped.ResourceId, KnownResourceCommands.StartCommand)).Success);
        var second = app.ProcessIdOf("worker");
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync(stopped.ResourceId, KnownResourceCommands.RestartCommand)).Success);

        Assert.NotEqual(first, second);
        Assert.NotEqual(second, app.ProcessIdOf("worker"));
        Assert.False(ChildProcess.IsAlive(second));
    }

    [Fact]
    public async Task AProcessThatIgnoresItsStopSignalIsKilled()
    {
        var app = await LocalTopology.StartAsync(
            builder => builder.AddShell("stubborn", "trap '' TERM; while :; do sleep 1; done"),
            "--LocalHosting:StopTimeout=00:00:00.5");
        await app.ResourceNotifications.WaitForResourceHealthyAsync("stubborn", LocalTopology.Timeout);
        var processId = app.ProcessIdOf("stubborn");

        await app.DisposeAsync();

        Assert.False(ChildProcess.IsAlive(processId));
    }
}
