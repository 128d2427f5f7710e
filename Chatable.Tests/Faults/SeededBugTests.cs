using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Report;
using Chatable.Tests.Faults.Runs;
using Chatable.Tests.Faults.Seeding;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults;

/// <summary>
/// A checker that finds nothing proves nothing: the cluster gets a bug, and the checker must find it. A bug that a safety net hides comes
/// with that net switched off.
/// </summary>
[Collection(WholeClusters.Name)]
public sealed class SeededBugTests
{
    private static readonly Seeded[] s_all =
    [
        new("ack_before_commit", "I1", "F0"),
        new("drop_push,repair_off,reconcile_off", "I10", "F0"),
        new("dedupe_off", "I3", "F0") { Prepare = "DROP INDEX messages_author_client_key" },
        // A client that waits for its ack and sends again would repair this loss, so ours does not. Nor may a later message of the
        // conversation, refused because its predecessor is missing, make it send both again.
        new("xdel_before_commit,after_guard_off", "I10", "F4")
        {
            AckTimeout = TimeSpan.FromHours(1),
            // So that all steps are reached: only a death at one of them loses anything.
            Window = TimeSpan.FromSeconds(25),
        },
        new("two_in_flight,after_guard_off", "I6", "F2"),
        new("route_before_commit", "I11", "F0") { ReadEvery = 3 },
        new("cached_registry,repair_off,reconcile_off", "I10", "F27S"),
        new("skip_resequencer", "I4", "F27S"),
        new("author_from_payload", "I8", "F0"),
        new("register_after_backlog,repair_off,reconcile_off", "I10", "F27S"),
        new("seq_from_sequence", "I4", "F0"),
        new("after_guard_off", "I6", "F10T"),
        new("reconcile_off,repair_off", "I10", "F10"),
        new("locks_kept", "I12", "F36") { Prepare = Ignoring("idle_in_transaction_session_timeout") },
        new("standby_not_waited_for", "I1", "F39")
        {
            Prepare = $"ALTER DATABASE {FaultPostgres.Database} SET synchronous_commit = local;" + Ignoring("synchronous_commit"),
        },
        // Injected at seams. A timeline is never lower than an earlier one.
        new("timeline_unseen,reconcile_off", "I12", "F40")
        {
            Seams = new() { ToPostgres = new("timeline <> left(", "timeline >  left(") },
            Window = TimeSpan.FromSeconds(25),
        },
        // Removing from a set becomes adding to it.
        new("registrations_stay", "I12", "F27S") { Seams = new() { ApisToRedis = new("\r\nSREM\r\n", "\r\nSADD\r\n") } },
        new("dead_registrations_stay", "I12", "F1") { Seams = new() { WorkersToRedis = new("'SREM'", "'SADD'") } },
        new(HoldingHandler.Bug, "I12", "F26"),
    ];

    // Found within seconds and without a fault.
    private static readonly string[] s_everyday = ["ack_before_commit", "author_from_payload"];

    public static TheoryData<string> Bugs => new(s_all.Select(one => one.Bug)
        .Where(bug => bug.StartsWith(Chosen, StringComparison.Ordinal)));

    // "drop_push" for one of them
    private static string Chosen => Environment.GetEnvironmentVariable("FAULTS_BUG") ?? "";

    public static TheoryData<string> EverydayBugs => new(s_everyday);

    [Fact]
    public void ThereAreNineteen() => Assert.Equal(19, s_all.Length);

    [Theory(Explicit = true)]
    [MemberData(nameof(Bugs))]
    public Task TheCheckerFindsASeededBug(string bug) => FindAsync(bug, window: null);

    [Theory]
    [MemberData(nameof(EverydayBugs))]
    public Task TheCheckerFindsACheapOneEveryTime(string bug) => FindAsync(bug, TimeSpan.FromSeconds(3));

    private static async Task FindAsync(string bug, TimeSpan? window)
    {
        var seeded = s_all.Single(one => one.Bug == bug);
        var fault = seeded.Fault == "F0" ? Calm.Fault : FaultTable.Find(seeded.Fault);
        var folder = Path.Combine(Repository.Root, "artifacts", "faults", "bugs", bug.Split(',')[0]);
        var settings = new RunSettings(window ?? seeded.Window, Seed: 1, folder)
        {
            LoadAfter = TimeSpan.FromSeconds(1),
            // Longer than the 15 s a delivery may take, to distinguish what is late from what never arrives.
            Settle = TimeSpan.FromSeconds(20),
            Prepare = seeded.Prepare,
            Traffic = new() { AckTimeout = seeded.AckTimeout, ReadEvery = seeded.ReadEvery },
        };
        var cluster = fault.Cluster with { Bug = bug, Seams = seeded.Seams };
        var result = await new FaultRun(fault with { Cluster = cluster }, settings)
            .ExecuteAsync(TestContext.Current.CancellationToken);

        Console.Error.WriteLine($"{bug}: {FaultReport.Line(result)}");
        Assert.Contains(result.Violations, violation => violation.Invariant == seeded.Invariant);
    }

    // A database in which a setting cannot be changed, so the services' attempts have no effect. Their sessions are restarted.
    private static string Ignoring(string setting) => $"""
        CREATE SCHEMA seeded;
        CREATE FUNCTION seeded.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS
            $$ SELECT CASE WHEN $1 <> '{setting}' THEN pg_catalog.set_config($1, $2, $3) END $$;
        ALTER DATABASE {FaultPostgres.Database} SET search_path = seeded, pg_catalog, public;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();

        """;

    private sealed record Seeded(string Bug, string Invariant, string Fault)
    {
        public string Prepare { get; init; } = "";

        public Seams Seams { get; init; } = Seams.None;

        public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(8);

        public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(15);

        public int ReadEvery { get; init; } = 50;
    }
}
