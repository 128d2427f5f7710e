using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>Where a user's log stands in PostgreSQL, for whom knows that epoch. It fails where the database does.</summary>
internal delegate Task<LogHead> ReadHead(long user, Guid? known, CancellationToken cancellationToken);

/// <summary>What all sessions of this server share.</summary>
internal sealed class SessionServices(
    IntakeWriter intakeWriter, ReadHead readHead, InFlight inFlight, Draining draining, ServerIdentity server,
    IOptions<RealtimeOptions> options, RealtimeMetrics metrics, TimeProvider clock, ILogger<SessionServices> logger)
{
    public IntakeWriter IntakeWriter => intakeWriter;

    public ReadHead ReadHead => readHead;

    public InFlight InFlight => inFlight;

    public Draining Draining => draining;

    public ServerIdentity Server => server;

    public RealtimeOptions Options => options.Value;

    public RealtimeMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;
}
