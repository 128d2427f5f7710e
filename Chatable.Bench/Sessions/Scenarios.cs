namespace Chatable.Bench.Sessions;

/// <summary>What is measured, by the names of the command line.</summary>
internal static class Scenarios
{
    /// <summary>100 pairs, each with 16 messages under way.</summary>
    public const string Window16 = "window-16";

    /// <summary>The same with one.</summary>
    public const string Window1 = "window-1";

    /// <summary>As many messages a second as asked for, whatever becomes of them.</summary>
    public const string Rate = "rate";

    /// <summary>Window 16 by protocol v1, Chatable alone.</summary>
    public const string V1 = "v1";

    public const string Idle = "idle";
    public const string Storm = "storm";
    public const string Reads = "reads";
    public const string Accounts = "accounts";

    /// <summary>How long a replica takes until its <c>/health</c> is well.</summary>
    public const string Start = "start";

    /// <summary>Window 16 with more servers, users, stored messages and workers; takes long, hence only by name.</summary>
    public const string Growth = "growth";

    /// <summary>Half of what it can do, for long; only by name.</summary>
    public const string Soak = "soak";

    /// <summary>A replica with many sockets is killed under load; only by name.</summary>
    public const string DeadReplica = "dead-replica";

    public static IReadOnlyList<string> Traffic { get; } = [Window16, Window1, Rate, V1, Growth, Soak];

    /// <summary>Those that are left out where none is named.</summary>
    public static IReadOnlyList<string> Long { get; } = [Growth, Soak, DeadReplica];

    public static IReadOnlyList<string> Names { get; } =
        [.. Traffic, Idle, Storm, Reads, Accounts, Start, DeadReplica];
}
