using System.Globalization;
using Chatable.Messaging;
using Chatable.Messaging.Control;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Chatable.AppHost.Commands;

/// <summary>
/// The API's commands in the dashboard and in <c>aspire resource</c>: <c>demo-users</c>, <c>drain</c>, <c>disconnect-user</c>.
/// </summary>
internal static class ApiCommands
{
    // A server has 25 seconds to drain. The orchestrator notices its end some time later.
    private static readonly TimeSpan s_drainLimit = TimeSpan.FromSeconds(45);

    public static IResourceBuilder<ProjectResource> WithApiCommands(
        this IResourceBuilder<ProjectResource> api, IResourceBuilder<IResourceWithConnectionString> redis) => api
        .WithCommand("demo-users", "Create demo users", context => DemoUsers.CreateAsync(api.GetEndpoint("http"), context), new()
        {
            Description = "Registers two new users, and shows commands by which they talk.",
            IconName = "PeopleAdd",
            IsHighlighted = true,
        })
        .WithCommand("drain", "Drain", context => DrainAsync(redis.Resource, context), new()
        {
            Description = "Lets this replica's clients go, finishes what it has, and ends it. Start brings it back.",
            IconName = "DoorArrowRight",
            UpdateState = context => Running(context),
        })
        .WithCommand("disconnect-user", "Disconnect user", context => DisconnectAsync(redis.Resource, context), new()
        {
            Description = "Closes all sockets of a user on all replicas. Clients with a valid token come back and resume.",
            IconName = "PlugDisconnected",
            Arguments = [new() { Name = "username", Label = "Username", InputType = InputType.Text, Required = true }],
            UpdateState = context => Running(context),
        });

    private static ResourceCommandState Running(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    private static async Task<ExecuteCommandResult> DrainAsync(IResourceWithConnectionString redis, ExecuteCommandContext context)
    {
        // api-vreaiugt: a replica's instance name is the part after the resource's name.
        var instance = context.ResourceName[(context.ResourceName.LastIndexOf('-') + 1)..];
        if (await PublishAsync(redis, new ControlMessage.Drain(instance), context) == 0)
            return CommandResults.Failure("No replica listens to Redis.");

        var notifications = context.Services.GetRequiredService<ResourceNotificationService>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        limit.CancelAfter(s_drainLimit);
        try
        {
            await foreach (var change in notifications.WatchAsync(limit.Token))
            {
                if (change.ResourceId == context.ResourceName && KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text))
                    return CommandResults.Success($"{context.ResourceName} has let its clients go and ended.");
            }
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // Reported below.
        }

        return CommandResults.Failure(string.Create(
            CultureInfo.InvariantCulture, $"{context.ResourceName} was asked, but still runs after {s_drainLimit.TotalSeconds} s: see its log."));
    }

    private static async Task<ExecuteCommandResult> DisconnectAsync(IResourceWithConnectionString redis, ExecuteCommandContext context)
    {
        var username = context.Arguments["username"].Value;
        if (string.IsNullOrWhiteSpace(username))
            return CommandResults.Failure("Which user? The username is missing.");
        var told = await PublishAsync(redis, new ControlMessage.Disconnect(username.Trim()), context);
        return told == 0
            ? CommandResults.Failure("No replica listens to Redis.")
            : CommandResults.Success(string.Create(
                CultureInfo.InvariantCulture, $"{told} replica{(told == 1 ? "" : "s")} told to close the sockets of '{username.Trim()}'."));
    }

    // Opens a connection for each command, because commands are rare.
    private static async Task<long> PublishAsync(IResourceWithConnectionString redis, ControlMessage message, ExecuteCommandContext context)
    {
        var connectionString = await redis.GetConnectionStringAsync(context.CancellationToken);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(connectionString!);
        var prefix = context.Services.GetRequiredService<IConfiguration>().KeyPrefix();
        return await new ControlChannel(connection, prefix).PublishAsync(message, context.CancellationToken);
    }
}
