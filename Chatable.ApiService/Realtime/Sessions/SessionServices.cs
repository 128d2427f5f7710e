using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>Reads the head of a user's log in PostgreSQL, compared with the known epoch. Throws if the database fails.</summary>
internal delegate Task<LogHead> ReadHead(long user, Guid? known, CancellationToken cancellationToken);

/// <summary>The services that all sessions of this server share.</summary>
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
