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
        services.AddIntake().AddServerQueues().AddServerRegistry();
        services.AddKeyPrefixedOptions<FanoutOptions, FanoutOptionsValidator>(FanoutOptions.Section)
            .ValidateAll(options => options.Contradictions());
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
}
