using Chatable.Messaging.Intake;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>The worker's program as a tool for the entries that it could not store: <c>dlq …</c>.</summary>
internal static class DlqCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    private const string Help = """
        Looks after dead letters: messages that the database refused, or that nobody could read. It never shows their text.

          dlq list [--partition P] [--limit N]   the oldest, 100 unless told otherwise
          dlq show <partition> <id>              all that is known of one
          dlq replay <partition> <id>            puts one back at the end of its partition
          dlq replay --all [--partition P]       all of them, oldest first
          dlq discard <partition> <id>           deletes one for good

          --json                                 prints JSON

        A letter that fails again comes back with its attempts. Its author was told that it failed: replay what he would still want sent.
        Redis is that of the worker: ConnectionStrings__redis, and Chatable__KeyPrefix where one is set.
        Exit code: 0 done; 1 not found, not all replayed, or Redis out of reach; 2 wrong usage.
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var arguments = DlqArguments.Parse(args);
            if (arguments.Verb != DlqVerb.Help)
                return await RunAsync(arguments);

            Console.Out.WriteLine(Help);
            return 0;
        }
        catch (FormatException wrong)
        {
            await Console.Error.WriteLineAsync($"{wrong.Message}\n\n{Help}");
            return WrongUsage;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException or OptionsValidationException)
        {
            await Console.Error.WriteLineAsync(Sentence(failure));
            return Failed;
        }
    }

    private static async Task<int> RunAsync(DlqArguments arguments)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddEnvironmentVariables();
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("redis")))
        {
            await Console.Error.WriteLineAsync(
                "Which Redis? Set ConnectionStrings__redis, or use 'make dlq' where 'make local' runs.");
            return WrongUsage;
        }

        // A service waits for Redis; a person wants to be told.
        builder.AddRedisClient("redis", configureOptions: options => options.AbortOnConnectFail = true);
        builder.Services.AddIntake();
        using var host = builder.Build();
        var report = new DlqReport(Console.Out, arguments.Json);
        var letters = host.Services.GetRequiredService<DeadLetterLog>();
        return await new DlqActions(letters, report, Console.Error).RunAsync(arguments, CancellationToken.None);
    }

    // The driver's own words would quote the configuration.
    private static string Sentence(Exception failure) => failure switch
    {
        OptionsValidationException wrong => string.Join('\n', wrong.Failures),
        RedisServerException { Kind: var kind } => $"Redis refuses ({kind}).",
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => "Redis does not accept the password.",
        _ => "Redis cannot be reached: see that ConnectionStrings__redis names one that runs.",
    };
}
