using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Chatable.Messaging.Intake;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>Runs the worker's program as a tool for entries that could not be stored: <c>dlq …</c>.</summary>
internal static partial class DlqCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int DefaultLimit = 100;

    private const string Description = """
        Lists, replays and deletes dead letters: messages that the database refused, or that no worker could read. Never shows their text.

        If a replayed letter fails again, it comes back with one more attempt. Its author was told that it failed, so replay only what the
        author would still want to send. The command uses the worker's Redis: set ConnectionStrings__redis, and Chatable__KeyPrefix if the
        worker uses a key prefix.
        Exit code: 0 done; 1 not found, not all replayed, or Redis cannot be reached; 2 wrong usage.
        """;

    private static readonly Option<bool> s_json = new("--json") { Description = "Print JSON.", Recursive = true };

    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args is ["help"] ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{string.Join('\n', parsed.Errors.Select(error => error.Message))}\nSee 'dlq --help'.");
            return WrongUsage;
        }

        try
        {
            // A signal ends it at once, as any program: each letter is moved by one command.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException or OptionsValidationException)
        {
            await Console.Error.WriteLineAsync(Sentence(failure));
            return Failed;
        }
    }

    private static Command Create()
    {
        var only = Number<int?>("--partition", "Only the letters of this partition.", least: 0);
        var command = new Command("dlq", Description) { new HelpOption(), s_json, List(only), Show(), Replay(only), Discard() };
        command.SetAction((parsed, cancellationToken) => ActAsync(
            parsed, actions => actions.ListAsync(only: null, DefaultLimit, cancellationToken)));
        return command;
    }

    private static Command List(Option<int?> only)
    {
        var limit = Number<int>("--limit", $"Show at most this many letters; {DefaultLimit} by default.", least: 1);
        limit.DefaultValueFactory = _ => DefaultLimit;
        var list = new Command("list", "Shows the oldest letters. This is the default command.") { only, limit };
        list.SetAction((parsed, cancellationToken) => ActAsync(
            parsed, actions => actions.ListAsync(parsed.GetValue(only), parsed.GetValue(limit), cancellationToken)));
        return list;
    }

    private static Command Show()
    {
        var (partition, id) = (Partition(), Id());
        var show = new Command("show", "Shows everything about one letter except its text.") { partition, id };
        show.Validators.Add(result => NeedPlace(result, partition, id));
        show.SetAction((parsed, cancellationToken) => ActAsync(
            parsed, actions => actions.ShowAsync(parsed.GetValue(partition), parsed.GetValue(id)!, cancellationToken)));
        return show;
    }

    private static Command Replay(Option<int?> only)
    {
        var (partition, id) = (Partition(), Id());
        var all = new Option<bool>("--all") { Description = "Put all letters back, the oldest first." };
        var replay = new Command("replay", "Puts one letter, or all letters, back at the end of its partition.")
        {
            partition, id, all, only,
        };
        replay.Validators.Add(result =>
        {
            if (!result.GetValue(all) && CountOf(result, partition, id) < 2)
                result.AddError("replay needs a partition and an id, as 'dlq list' shows them, or --all.");
            else if (result.GetValue(all) && CountOf(result, partition, id) > 0)
                result.AddError("--all is for all letters: leave the partition and the id out.");
        });
        replay.SetAction((parsed, cancellationToken) => ActAsync(parsed, actions => parsed.GetValue(all)
            ? actions.ReplayAllAsync(parsed.GetValue(only), cancellationToken)
            : actions.ReplayAsync(parsed.GetValue(partition), parsed.GetValue(id)!, cancellationToken)));
        return replay;
    }

    private static Command Discard()
    {
        var (partition, id) = (Partition(), Id());
        var discard = new Command("discard", "Deletes a letter for good.") { partition, id };
        discard.Validators.Add(result => NeedPlace(result, partition, id));
        discard.SetAction((parsed, cancellationToken) => ActAsync(
            parsed, actions => actions.DiscardAsync(parsed.GetValue(partition), parsed.GetValue(id)!, cancellationToken)));
        return discard;
    }

    private static void NeedPlace(CommandResult result, Argument<int> partition, Argument<string> id)
    {
        if (CountOf(result, partition, id) < 2)
            result.AddError($"{result.Command.Name} needs a partition and an id, as 'dlq list' shows them.");
    }

    private static int CountOf(CommandResult result, Argument<int> partition, Argument<string> id) =>
        (result.GetResult(partition)?.Tokens.Count ?? 0) + (result.GetResult(id)?.Tokens.Count ?? 0);

    private static Argument<int> Partition()
    {
        var partition = new Argument<int>("partition")
        {
            Description = "The partition of the letter, as 'dlq list' shows it.",
            // What is missing is told with both names.
            Arity = ArgumentArity.ZeroOrOne,
        };
        partition.Validators.Add(result =>
        {
            // An option that does not exist counts as the next argument.
            if (result.Tokens is [{ Value: ['-', '-', ..] unknown }])
                result.AddError($"There is no option '{unknown}'.");
            else if (result.Tokens is [var token] && !IsAtLeast(token.Value, 0))
                result.AddError("A partition is a whole number from 0.");
        });
        return partition;
    }

    private static Argument<string> Id()
    {
        var id = new Argument<string>("id")
        {
            Description = "The id of the letter, as 'dlq list' shows it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        id.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !EntryId().IsMatch(token.Value))
                result.AddError($"'{token.Value}' is not an id; an id looks like 1764000000000-0.");
        });
        return id;
    }

    private static Option<T> Number<T>(string name, string description, int least)
    {
        var option = new Option<T>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !IsAtLeast(token.Value, least))
                result.AddError($"{name} needs a whole number from {least}.");
        });
        return option;
    }

    private static bool IsAtLeast(string text, int least) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least;

    private static async Task<int> ActAsync(ParseResult parsed, Func<DlqActions, Task<int>> act)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddEnvironmentVariables();
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("redis")))
        {
            await Console.Error.WriteLineAsync(
                "No Redis is configured. Set ConnectionStrings__redis, or use 'make dlq' where 'make local' runs.");
            return WrongUsage;
        }

        // A service waits for Redis, but a person wants an error at once.
        builder.AddRedisClient("redis", configureOptions: options => options.AbortOnConnectFail = true);
        builder.Services.AddIntake();
        using var host = builder.Build();
        var report = new DlqReport(Console.Out, parsed.GetValue(s_json));
        return await act(new DlqActions(host.Services.GetRequiredService<DeadLetterLog>(), report, Console.Error));
    }

    // The driver's own message would quote the configuration.
    private static string Sentence(Exception failure) => failure switch
    {
        OptionsValidationException wrong => string.Join('\n', wrong.Failures),
        RedisServerException { Kind: var kind } => $"Redis refused ({kind}).",
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => "Redis does not accept the password.",
        _ => "Redis cannot be reached: check that ConnectionStrings__redis names a running Redis.",
    };

    [GeneratedRegex(@"^\d{1,19}-\d{1,19}\z")]
    private static partial Regex EntryId();
}
