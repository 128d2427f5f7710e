using Chatable.FanoutWorker.DeadLetters;
using Chatable.FanoutWorker.Epochs;
using Chatable.FanoutWorker.Lanes;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;

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
        services.AddSingleton<PublishAndTrim>();
        services.AddSingleton<DeadRegistrations>();
        services.AddHostedService(provider => provider.GetRequiredService<DeadRegistrations>());
        services.AddSingleton<BatchProcessor>();
        services.AddSingleton<KnownHeads>();
        services.AddSingleton<EnvelopeStore>();
        services.AddSingleton<PartitionLeases>();
        services.AddSingleton<AssignedPartitions>();
        services.AddEvictionPolicyCheck().AddDatabaseCheck().AddSchemaCheck();
        services.AddHostedService<PartitionAssignment>();
        services.AddHostedService<ServerReaper>();
        services.AddHostedService<DeadLetterWatch>();
        services.AddHostedService<SetBackWatch>();
        // Leaves time for the batches in flight, within the 30 s that platforms allow.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(25));
    }

    private static void AddFanoutOptions(this IServiceCollection services) =>
        services.AddKeyPrefixedOptions<FanoutOptions>(FanoutOptions.Section)
            .Validate(o => o.BatchSize is >= 1 and <= 5000, "Fanout:BatchSize must be 1 to 5000 entries.")
            .Validate(o => o.Transactions is >= 1 and <= 16, "Fanout:Transactions must be 1 to 16.")
            .Validate(o => o.LeastTransactionSize is >= 1 and <= 5000, "Fanout:LeastTransactionSize must be 1 to 5000 entries.")
            .Validate(o => o.Lanes is >= 1 and <= FanoutOptions.MaxLanes, "Fanout:Lanes must be 1 to 16.")
            .Validate(o => o.MaxAttempts is >= 1 and <= 1000, "Fanout:MaxAttempts must be 1 to 1000.")
            .Validate(
                o => o.PollInterval >= TimeSpan.FromMilliseconds(1) && o.PollInterval <= TimeSpan.FromSeconds(2),
                "Fanout:PollInterval must be 1 ms to 2 s: Redis' client gives up after 5 s.")
            .Validate(o => o.FirstBackoff >= TimeSpan.FromMilliseconds(1), "Fanout:FirstBackoff must be at least 1 ms.")
            .Validate(
                o => o.MaxBackoff >= o.FirstBackoff && o.MaxBackoff <= TimeSpan.FromMinutes(1),
                "Fanout:MaxBackoff must be at least Fanout:FirstBackoff, and a minute at most.")
            .Validate(
                o => o.LeaseRenewal >= TimeSpan.FromMilliseconds(10) && o.LeaseRenewal <= TimeSpan.FromMinutes(1),
                "Fanout:LeaseRenewal must be 10 ms to a minute.")
            .Validate(o => o.LeaseDuration >= 2 * o.LeaseRenewal, "Fanout:LeaseDuration must be at least two renewals.")
            .Validate(o => o.LeaseDuration <= TimeSpan.FromHours(1), "Fanout:LeaseDuration must be an hour at most.")
            .Validate(
                o => o.ReapInterval >= TimeSpan.FromMilliseconds(10) && o.ReapInterval <= TimeSpan.FromDays(1),
                "Fanout:ReapInterval must be 10 ms to a day.")
            .Validate(
                o => o.DeadLetterCheck >= TimeSpan.FromMilliseconds(10) && o.DeadLetterCheck <= TimeSpan.FromDays(1),
                "Fanout:DeadLetterCheck must be 10 ms to a day.")
            .Validate(
                o => o.SetBackCheck >= TimeSpan.FromMilliseconds(10) && o.SetBackCheck <= TimeSpan.FromDays(1),
                "Fanout:SetBackCheck must be 10 ms to a day.")
            .Validate(
                o => o.DrainTimeout > TimeSpan.Zero && o.DrainTimeout <= TimeSpan.FromSeconds(20),
                "Fanout:DrainTimeout must be positive, and at most 20 s.");
}
