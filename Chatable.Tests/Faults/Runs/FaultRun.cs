using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Workload;
using Npgsql;

namespace Chatable.Tests.Faults.Runs;

/// <param name="Window">How long the fault lasts.</param>
/// <param name="Seed">Of the fault and the traffic; it does not determine the machine's scheduling.</param>
/// <param name="Folder">The folder of the history and the processes' output; null for none.</param>
internal sealed record RunSettings(TimeSpan Window, int Seed, string? Folder)
{
    public TrafficSettings Traffic { get; init; } = new();

    /// <summary>How long the load continues after the fault.</summary>
    public TimeSpan LoadAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long everything may take to have an outcome and to arrive everywhere. Longer than the guarantee, to distinguish what is late
    /// from what never arrives.
    /// </summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>SQL that changes the database before the traffic begins; none if empty.</summary>
    public string Prepare { get; init; } = "";

    /// <summary>A crowd that is connected before and after the run; null for none.</summary>
    public WritingCrowd? Crowd { get; init; }

    /// <summary>Receives progress messages for a person who waits.</summary>
    public Action<string> Progress { get; init; } = _ => { };
}

/// <summary>A cluster under load: a fault for a while, its end, a quiet period, and a check of everything that was seen.</summary>
internal sealed class FaultRun(Fault fault, RunSettings settings)
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(3);

    private string Name => $"{fault.Name}-{settings.Seed}";

    /// <summary>Runs on its own cluster.</summary>
    public async Task<RunResult> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await FaultCluster.StartAsync(fault.Cluster, cancellationToken);
        return await ExecuteAsync(cluster, cancellationToken);
    }

    /// <summary>Runs on a healthy cluster, with its own users, and leaves it healthy.</summary>
    public async Task<RunResult> ExecuteAsync(FaultCluster cluster, CancellationToken cancellationToken)
    {
        try
        {
            if (settings.Prepare.Length > 0)
                await cluster.Postgres.ExecuteAsync(settings.Prepare, cancellationToken);
            using var history = new EventLog(Name, settings.Folder);
            await using var traffic =
                await Traffic.StartAsync(cluster, history, settings.Traffic with { Seed = settings.Seed }, cancellationToken);
            var before = Traces.Of(cluster);
            var context = new FaultContext(cluster, traffic, settings.Seed) { Progress = settings.Progress };
            var evidence = await RunAsync(context, cancellationToken);
            return new RunResult(fault, settings.Seed)
            {
                Violations = [.. Invariant.CheckAll(evidence), .. await CheckCrowdAsync(cluster, cancellationToken)],
                Traces = Traces.Of(cluster) - before,
            }.Count(evidence);
        }
        finally
        {
            if (settings.Folder is { } folder)
                await cluster.SaveOutputsAsync(Path.Combine(folder, Name), CancellationToken.None);
        }
    }

    private async Task<Evidence> RunAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var (cluster, traffic) = (context.Cluster, context.Traffic);
        traffic.Begin();
        await WaitForAsync(() => Task.FromResult(traffic.AllDevices.All(device => device.Cursor > 0)), s_warmUp, cancellationToken);

        var bounds = await Bounds.TakeAsync(cluster, cancellationToken);
        settings.Crowd?.Begin();
        using var watched = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = bounds.WatchAsync(cluster, watched.Token);
        settings.Progress($"{fault.Name} {fault.Title}");
        await InjectAsync(context, cancellationToken);
        await cluster.HealAsync(cancellationToken);
        await fault.Heal(context, cancellationToken);
        traffic.History.Add(t => new HistoryEvent(t, "nemesis", "", Known.Ok, Op.Heal));

        await Task.Delay(settings.LoadAfter, cancellationToken);
        await traffic.QuietAsync();
        await SettleAsync(cluster, traffic, cancellationToken);
        var registrations = new Registrations(cluster, traffic, settings.Crowd);
        if (await registrations.WriteToTheDeadAsync(cancellationToken))
            await SettleAsync(cluster, traffic, cancellationToken);
        await watched.CancelAsync();
        await watching;
        var surprises = await SurprisesAsync(context);
        var evidence = new Evidence
        {
            Events = [],
            Devices = traffic.Parties,
            Measures = [.. await bounds.CompareAsync(cluster, cancellationToken), .. await registrations.CompareAsync(cancellationToken)],
            Surprises = surprises,
            RevocationSeen = fault.RevocationSeen,
            Delivered = fault.Delivered,
        };
        evidence = await FinalReads.ReadAsync(cluster, traffic, evidence, cancellationToken);
        return evidence with { Events = traffic.History.Events };
    }

    private async Task<IReadOnlyList<Violation>> CheckCrowdAsync(FaultCluster cluster, CancellationToken cancellationToken) =>
        settings.Crowd is { } crowd ? await new CrowdCheck(cluster, crowd).CheckAsync(cancellationToken) : [];

    private async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        using var window = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var length = settings.Window > fault.AtLeast ? settings.Window : fault.AtLeast;
        window.CancelAfter(length);
        var revoking = RevokeAsync(context.Traffic, length / 2, window.Token);
        try
        {
            await fault.Inject(context, window.Token);
            await Task.Delay(Timeout.Infinite, window.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The window has ended.
        }

        await revoking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task RevokeAsync(Traffic traffic, TimeSpan after, CancellationToken window)
    {
        await Task.Delay(after, window);
        await traffic.RevokeOneAsync(window);
    }

    // The crowd first: until it is back and quiet, it takes resources that the others need.
    private async Task SettleAsync(FaultCluster cluster, Traffic traffic, CancellationToken cancellationToken)
    {
        if (settings.Crowd is { } crowd)
            await new CrowdCheck(cluster, crowd).SettleAsync(cancellationToken);
        var names = traffic.Users.Select(user => user.Username).ToArray();
        IReadOnlyDictionary<string, long> heads = new Dictionary<string, long>();
        var since = Environment.TickCount64;
        await WaitForAsync(async () =>
        {
            var now = await TryReadHeadsAsync(cluster, names, cancellationToken);
            if (now is null || !now.SequenceEqual(heads))
                (heads, since) = (now ?? heads, Environment.TickCount64);
            return traffic.Rest.Pending == 0
                && traffic.AllDevices.All(device => device.Unacked == 0 && device.Cursor == heads.GetValueOrDefault(device.User.Username))
                && Environment.TickCount64 - since > s_stable.TotalMilliseconds;
        }, settings.Settle, cancellationToken);
    }

    private static async Task<IReadOnlyDictionary<string, long>?> TryReadHeadsAsync(
        FaultCluster cluster, string[] usernames, CancellationToken cancellationToken)
    {
        try
        {
            return await FinalReads.HeadsAsync(cluster, usernames, cancellationToken);
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<string>> SurprisesAsync(FaultContext context)
    {
        foreach (var node in context.Cluster.Nodes)
            await node.LookAsync();
        var unhandled = context.Cluster.Services.Where(service =>
            service.Node.Output.Contains("Unhandled exception", StringComparison.Ordinal))
            .Select(service => $"{service.Node.Name} printed \"Unhandled exception\"");
        return [.. context.Cluster.Nodes.SelectMany(node => node.Surprises), .. unhandled, .. context.Traffic.Surprises,
            .. context.Findings];
    }

    // The checker judges what has not happened in time.
    private static async Task WaitForAsync(Func<Task<bool>> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var until = Environment.TickCount64 + limit.TotalMilliseconds;
        while (Environment.TickCount64 < until && !await condition())
            await Task.Delay(100, cancellationToken);
    }
}
