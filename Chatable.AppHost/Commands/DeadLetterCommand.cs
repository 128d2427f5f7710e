using System.Diagnostics;
using System.Reflection;
using Chatable.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.AppHost.Commands;

/// <summary>
/// <c>dead-letters</c>: runs the worker's tool for entries that it could not store (<c>dlq</c>) with the Redis of this topology.
/// </summary>
internal static class DeadLetterCommand
{
    private static readonly string[] s_place = ["partition", "id"];

    public static IResourceBuilder<ProjectResource> WithDeadLetterCommand(
        this IResourceBuilder<ProjectResource> fanout, IResourceBuilder<IResourceWithConnectionString> redis) =>
        fanout.WithCommand("dead-letters", "Dead letters", context => RunAsync(redis.Resource, context), new()
        {
            Description = "Lists, replays or discards messages that could not be stored. Their text is never shown.",
            IconName = "MailDismiss",
            Arguments =
            [
                new()
                {
                    Name = "action",
                    Label = "Action",
                    InputType = InputType.Choice,
                    Required = true,
                    Value = "list",
                    Options =
                    [
                        new("list", "List"), new("show", "Show one"), new("replay", "Replay one"), new("replay --all", "Replay all"),
                        new("discard", "Discard one"),
                    ],
                },
                new() { Name = "partition", Label = "Partition of the one", InputType = InputType.Number },
                new() { Name = "id", Label = "Id of the one", InputType = InputType.Text, Placeholder = "1764000000000-0" },
            ],
        });

    private static async Task<ExecuteCommandResult> RunAsync(IResourceWithConnectionString redis, ExecuteCommandContext context)
    {
        string[] arguments =
        [
            .. (context.Arguments["action"].Value ?? "list").Split(' '),
            .. s_place.Select(name => context.Arguments[name].Value).Where(value => !string.IsNullOrWhiteSpace(value))!,
        ];
        var start = new ProcessStartInfo("dotnet", ["exec", WorkerProgram(), "dlq", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ConnectionStrings__redis"] = await redis.GetConnectionStringAsync(context.CancellationToken);
        start.Environment["Chatable__KeyPrefix"] = context.Services.GetRequiredService<IConfiguration>().KeyPrefix();

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(context.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(context.CancellationToken);
        await process.WaitForExitAsync(context.CancellationToken);
        var text = $"{output}{await errors}".Trim();
        return process.ExitCode == 0
            ? CommandResults.Success("Done.", text, CommandResultFormat.Text, displayImmediately: true)
            : CommandResults.Failure(text);
    }

    // The program that the orchestrator runs: in its project's output folder, built in the configuration of this AppHost.
    private static string WorkerProgram()
    {
        var project = new Projects.Chatable_FanoutWorker().ProjectPath;
        var configuration = typeof(DeadLetterCommand).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        return Path.Combine(
            Path.GetDirectoryName(project)!, "bin", configuration, "net10.0", $"{Path.GetFileNameWithoutExtension(project)}.dll");
    }
}
