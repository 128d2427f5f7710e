using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Publishing;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>Holds a Redis connection for each lane, opened on first use: neither startup nor health checks wait for it.</summary>
internal sealed class LaneConnections(
    IServiceProvider services, IOptions<IntakeOptions> intake, IOptions<ServerQueueOptions> queues, IOptions<RegistryOptions> registry)
{
    public static void Add(IHostApplicationBuilder builder)
    {
        for (var lane = 0; lane < FanoutOptions.MaxLanes; lane++)
        {
            var key = KeyOf(lane);
            builder.AddKeyedRedisClient(
                key,
                settings =>
                {
                    settings.ConnectionString = builder.Configuration.GetConnectionString("redis");
                    (settings.DisableHealthChecks, settings.DisableTracing) = (true, true);
                },
                options =>
                {
                    RedisBacklog.FailFast(options);
                    options.ClientName = key;
                });
        }

        builder.Services.AddSingleton<LaneConnections>();
    }

    public LaneConnection Of(int lane)
    {
        var redis = services.GetRequiredKeyedService<IConnectionMultiplexer>(KeyOf(lane));
        return new LaneConnection(new IntakeReader(redis, intake), new PublishAndTrim(redis, intake, queues, registry));
    }

    private static string KeyOf(int lane) => $"lane-{lane}";
}

/// <summary>The reader and publisher of a lane, which share a connection. Redis runs their commands in the order they were sent.</summary>
internal sealed record LaneConnection(IntakeReader Reader, PublishAndTrim PublishAndTrim);
