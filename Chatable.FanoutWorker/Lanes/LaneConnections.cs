using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Lanes;

/// <summary>A connection to Redis for each lane, made when first asked for: no start and no health check waits for it.</summary>
internal sealed class LaneConnections(IServiceProvider services, IOptions<IntakeOptions> options)
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

    public IntakeReader ReaderOf(int lane) => new(services.GetRequiredKeyedService<IConnectionMultiplexer>(KeyOf(lane)), options);

    private static string KeyOf(int lane) => $"lane-{lane}";
}
