namespace Chatable.Bench.CommandLine;

/// <summary>What a session does.</summary>
internal sealed record BenchOptions
{
    /// <summary>Short runs, one round: to see whether it works, not to be quoted.</summary>
    public bool Quick { get; init; }

    /// <summary>Names of scenarios; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Names of systems; empty for all.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    /// <summary>Of Chatable, to be measured in the scenarios of traffic beside the systems.</summary>
    public IReadOnlyList<Variant> Variants { get; init; } = [];

    public int Rounds { get; init; } = 3;

    /// <summary>Measured in each run, after the warm-up.</summary>
    public TimeSpan Measured { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Before each measurement, of a system that is warm already.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Under load, before anything is measured, until a system is warm: <see cref="WarmUpWindows"/> of them at most.</summary>
    public TimeSpan WarmUpWindow { get; init; } = TimeSpan.FromSeconds(4);

    public int WarmUpWindows { get; init; } = 15;

    public int Pairs { get; init; } = 100;

    /// <summary>Messages a second of the open loop.</summary>
    public int Rate { get; init; } = 1000;

    /// <summary>Idle connections on one replica.</summary>
    public int Idle { get; init; } = 10_000;

    /// <summary>Open at once on all replicas.</summary>
    public int Open { get; init; } = 20_000;

    /// <summary>Of the replica that dies.</summary>
    public int Dead { get; init; } = 10_000;

    public int Storm { get; init; } = 2_000;

    /// <summary>Messages in the database before anything is read.</summary>
    public int Stored { get; init; } = 1_000_000;

    /// <summary>How long the soak is.</summary>
    public TimeSpan Soak { get; init; } = TimeSpan.FromMinutes(30);

    public string Folder { get; init; } = "artifacts/bench";

    /// <summary>What <c>--quick</c> makes of everything that was not given.</summary>
    public static BenchOptions QuickDefaults { get; } = new()
    {
        Quick = true,
        Rounds = 1,
        Measured = TimeSpan.FromSeconds(2),
        WarmUp = TimeSpan.FromSeconds(1),
        WarmUpWindow = TimeSpan.FromSeconds(2),
        WarmUpWindows = 7,
        Idle = 1_000,
        Open = 2_000,
        Dead = 1_000,
        Storm = 1_000,
        Stored = 100_000,
    };
}
