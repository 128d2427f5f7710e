using System.CommandLine;
using System.CommandLine.Parsing;
using Chatable.Bench.Load.Holding;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.References;
using Chatable.Bench.Sessions;
using Chatable.Bench.Subjects;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Chatable.Bench.CommandLine;

/// <summary>The words of the command line.</summary>
internal static class BenchCommand
{
    private static readonly Option<bool> s_quick =
        new("--quick") { Description = "One round of short runs. Takes minutes. Do not quote the results." };
    private static readonly Option<string[]> s_only =
        Names("--only",
            $"Scenarios to run, separated by commas: {string.Join(", ", Scenarios.Names)}. "
            + $"By default all except {string.Join(", ", Scenarios.Long)}.",
            Scenarios.Names);
    private static readonly Option<string[]> s_subjects =
        Names("--subjects",
            $"Systems to measure, separated by commas: {string.Join(", ", SubjectNames.All)}. By default all.",
            SubjectNames.All);
    private static readonly Option<Variant[]> s_variants = new("--variant")
    {
        Description = "Measure another variant of Chatable as well, in window-16, window-1, rate, v1 and dead-replica: name=[folder][,KEY=VALUE]…. The "
            + "folder is another checkout. KEY=VALUE is an environment variable of the services. You can repeat this option.",
        CustomParser = ReadVariants,
    };
    private static readonly Option<int?> s_rounds =
        Number("--rounds", "Rounds (default 3). Each round measures all systems; the medians are over the rounds.", 1, 100);
    private static readonly Option<int?> s_seconds =
        Number("--seconds", "Seconds measured in each run, after a warm-up (default 10).", 1, 3600);
    private static readonly Option<int?> s_pairs =
        Number("--pairs", "Authors, each with a recipient on another replica (default 100).", 1, 10_000);
    private static readonly Option<int?> s_rate = Number("--rate", "Messages per second in the open loop (default 1000).", 1, 1_000_000);
    private static readonly Option<int?> s_idle = Number("--idle", "Idle connections on one replica (default 10000).", 100, 25_000);
    private static readonly Option<int?> s_open =
        Number("--open", "Connections open at the same time on all replicas (default 20000).", 100, 60_000);
    private static readonly Option<int?> s_dead = Number("--dead", "Connections of the replica that dies (default 10000).", 10, 50_000);
    private static readonly Option<int?> s_storm =
        Number("--storm", "Clients that reconnect at the same moment (default 2000).", 10, 20_000);
    private static readonly Option<int?> s_stored =
        Number("--stored", "Messages in the database before reads are measured (default 1000000).", 10_000, 100_000_000);
    private static readonly Option<int?> s_minutes = Number("--minutes", "Length of the soak in minutes (default 30).", 1, 10_000);
    private static readonly Option<string?> s_out = new("--out") { Description = "Folder for the results (default artifacts/bench)." };

    // Behind those it lists: they are made in the order of the text.
    private static readonly Option[] s_all =
    [
        s_quick, s_only, s_subjects, s_variants, s_rounds, s_seconds, s_pairs, s_rate, s_idle, s_open, s_dead, s_storm, s_stored, s_minutes, s_out,
    ];

    public static Task<int> InvokeAsync(string[] arguments) => Create().Parse(arguments).InvokeAsync();

    internal static RootCommand Create()
    {
        var root = new RootCommand("Measures Chatable and the systems it is compared with, in one session on one machine.");
        var run = new Command("run", "Runs the measurements. This is the default command.");
        foreach (var command in (Command[])[root, run])
        {
            foreach (var option in s_all)
                command.Options.Add(option);
            command.SetAction((parsed, cancellationToken) => new Session(Read(parsed)).RunAsync(cancellationToken));
        }

        root.Subcommands.Add(run);
        root.Subcommands.Add(Reference());
        root.Subcommands.Add(Hold());
        return root;
    }

    internal static BenchOptions Read(ParseResult parsed)
    {
        var start = parsed.GetValue(s_quick) ? BenchOptions.QuickDefaults : new BenchOptions();
        return start with
        {
            Only = parsed.GetValue(s_only) ?? [],
            Subjects = parsed.GetValue(s_subjects) ?? [],
            Variants = parsed.GetValue(s_variants) ?? [],
            Rounds = parsed.GetValue(s_rounds) ?? start.Rounds,
            Measured = parsed.GetValue(s_seconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : start.Measured,
            Pairs = parsed.GetValue(s_pairs) ?? start.Pairs,
            Rate = parsed.GetValue(s_rate) ?? start.Rate,
            Idle = parsed.GetValue(s_idle) ?? start.Idle,
            Open = parsed.GetValue(s_open) ?? start.Open,
            Dead = parsed.GetValue(s_dead) ?? start.Dead,
            Storm = parsed.GetValue(s_storm) ?? start.Storm,
            Stored = parsed.GetValue(s_stored) ?? start.Stored,
            Soak = parsed.GetValue(s_minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : start.Soak,
            Folder = parsed.GetValue(s_out) ?? start.Folder,
        };
    }

    // The processes of the references are this program again.
    private static Command Reference()
    {
        var port = new Option<int>("--port") { Required = true, Description = "The port to listen on, on the loopback interface." };
        var redis = new Option<string?>("--redis") { Description = "The Redis of the backplane." };
        var postgres = new Option<string?>("--postgres")
        {
            Description = "The PostgreSQL into which each message is inserted. Without it, nothing is stored.",
        };
        var relay = new Command("relay", "A bare WebSocket relay.") { port };
        relay.SetAction((parsed, cancellationToken) => ServeAsync(RelayServer.Create(parsed.GetValue(port)), cancellationToken));
        var signalR = new Command("signalr", "SignalR with its Redis backplane.") { port, redis, postgres };
        signalR.SetAction((parsed, cancellationToken) => ServeAsync(
            SignalRServer.Create(new ReferenceOptions(parsed.GetValue(port), parsed.GetValue(redis), parsed.GetValue(postgres))),
            cancellationToken));
        return new Command("reference", "Runs one of the systems that Chatable is compared with, until you stop it.") { relay, signalR };
    }

    // So is what holds connections above the limit of one process.
    private static Command Hold()
    {
        var hold = new Command("hold", "Opens the connections that its input lists. Keeps them until the input ends.") { Hidden = true };
        hold.SetAction(async (_, cancellationToken) =>
        {
            using var seats = new StreamReader(Console.OpenStandardInput());
            await HoldProgram.RunAsync(seats, Console.Out, new ChatableV2(), cancellationToken);
            return 0;
        });
        return hold;
    }

    private static async Task<int> ServeAsync(WebApplication app, CancellationToken cancellationToken)
    {
        await using (app)
            await app.RunAsync(cancellationToken);
        return 0;
    }

    private static Option<string[]> Names(string name, string description, IReadOnlyList<string> known) => new(name)
    {
        Description = description,
        CustomParser = result => ReadNames(result, known),
    };

    private static string[] ReadNames(ArgumentResult result, IReadOnlyList<string> known)
    {
        string[] names = [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))];
        foreach (var wrong in names.Except(known))
            result.AddError($"'{wrong}' is none of {string.Join(", ", known)}.");
        return names;
    }

    private static Variant[] ReadVariants(ArgumentResult result)
    {
        Variant[] variants = [.. result.Tokens.Select(token => Variant.Read(token, result)).OfType<Variant>()];
        var names = SubjectNames.All.Concat(variants.Select(variant => variant.Name));
        foreach (var (name, _) in names.CountBy(name => name).Where(name => name.Value > 1))
            result.AddError($"'{name}' is the name of two systems.");
        return variants;
    }

    private static Option<int?> Number(string name, string description, int least, int most)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && (value < least || value > most))
                result.AddError($"{name} must be from {least} to {most}.");
        });
        return option;
    }
}
