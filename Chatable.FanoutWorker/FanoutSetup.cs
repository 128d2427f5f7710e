using Chatable.FanoutWorker.DeadLetters;
using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Settling;

namespace Chatable.FanoutWorker;

internal static class FanoutSetup
{
    public static void AddFanout(this IHostApplicationBuilder builder)
    {
        LaneConnections.Add(builder);
        var services = builder.Services;
        services.AddIntake().AddServerQueues().AddServerRegistry().AddFanoutOptions();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(ServerIdentity.Create(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]));
        services.AddSingleton<MessageStore>();
        services.AddSingleton<FanoutMetrics>();
        services.AddSingleton<BatchCommitter>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<Router>();
        services.AddSingleton<BatchSettler>();
        services.AddSingleton<PartitionLeases>();
        services.AddSingleton<PartitionReaders>();
        services.AddEvictionPolicyCheck().AddSchemaCheck();
        services.AddHostedService<PartitionAssignment>();
        services.AddHostedService<ServerReaper>();
        services.AddHostedService<DeadLetterWatch>();
        // Room for the batches in flight, within the 30 s a platform gives.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(25));
    }

    private static void AddFanoutOptions(this IServiceCollection services) =>
        services.AddKeyPrefixedOptions<FanoutOptions>(FanoutOptions.Section)
            .Validate(o => o.BatchSize is >= 1 and <= 5000, "Fanout:BatchSize must be 1 to 5000 entries.")
            .Validate(o => o.Transactions is >= 1 and <= 16, "Fanout:Transactions must be 1 to 16.")
            .Validate(o => o.LeastTransactionSize >= 1, "Fanout:LeastTransactionSize must be at least 1 entry.")
            .Validate(o => o.Lanes is >= 1 and <= FanoutOptions.MaxLanes, "Fanout:Lanes must be 1 to 16.")
            .Validate(o => o.MaxAttempts >= 1, "Fanout:MaxAttempts must be at least 1.")
            .Validate(
                o => o.PollInterval >= TimeSpan.FromMilliseconds(1) && o.PollInterval <= TimeSpan.FromSeconds(2),
                "Fanout:PollInterval must be 1 ms to 2 s: Redis' client gives up after 5 s.")
            .Validate(o => o.FirstBackoff > TimeSpan.Zero, "Fanout:FirstBackoff must be positive.")
            .Validate(o => o.MaxBackoff >= o.FirstBackoff, "Fanout:MaxBackoff must be at least Fanout:FirstBackoff.")
            .Validate(o => o.LeaseRenewal > TimeSpan.Zero, "Fanout:LeaseRenewal must be positive.")
            .Validate(o => o.LeaseDuration >= 2 * o.LeaseRenewal, "Fanout:LeaseDuration must be at least two renewals.")
            .Validate(o => o.ReapInterval > TimeSpan.Zero, "Fanout:ReapInterval must be positive.")
            .Validate(o => o.DeadLetterCheck > TimeSpan.Zero, "Fanout:DeadLetterCheck must be positive.")
            .Validate(
                o => o.DrainTimeout > TimeSpan.Zero && o.DrainTimeout <= TimeSpan.FromSeconds(20),
                "Fanout:DrainTimeout must be positive, and at most 20 s.");
}
