using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sending;

/// <summary>What all sessions of this server share.</summary>
internal sealed class SessionServices(
    MessageAccepter accepter, InFlight inFlight, Draining draining, IOptions<RealtimeOptions> options, RealtimeMetrics metrics,
    TimeProvider clock, ILogger<V1Session> logger)
{
    public MessageAccepter Accepter => accepter;

    public InFlight InFlight => inFlight;

    public Draining Draining => draining;

    public RealtimeOptions Options => options.Value;

    public RealtimeMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;
}
