using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime.Handover;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Realtime;

internal static class RealtimeFeature
{
    /// <summary>Longer than a drain takes, and shorter than the 30 s after which platforms kill a process.</summary>
    public static TimeSpan ShutdownTimeout { get; } = TimeSpan.FromSeconds(25);

    // Limits the unread bytes of each client. Kestrel's default would hold a megabyte for each client that is slowed down.
    private const int UnreadBytes = 64 * 1024;

    public static void AddRealtime(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RealtimeOptions, RealtimeOptionsValidator>(RealtimeOptions.Section)
            .ValidateAll(options => options.Contradictions());
        builder.Services.PostConfigure<RealtimeOptions>(
            options => options.MaxSockets = Math.Min(options.MaxSockets, FileDescriptors.OfThisProcess.Sockets));
        builder.Services.Configure<KestrelServerOptions>(
            options => options.ConfigureEndpointDefaults(endpoint => endpoint.Use(ConnectionHandover.Middleware)));
        builder.Services.Configure<SocketTransportOptions>(options => options.MaxReadBufferSize = UnreadBytes);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton<RealtimeMetrics>();

        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddSingleton(CreateSessionServices);
        builder.Services.AddSingleton(CreateMessageLimit);
        builder.Services.AddSingleton<ReconcileSignal>();
        builder.Services.AddSingleton<Dispatcher>();
        builder.Services.AddSingleton<IDispatchHandler>(services => services.GetRequiredService<Dispatcher>());
        builder.Services.AddSingleton<ConnectionTable>();
        builder.Services.AddSingleton<ITokenUses>(services => services.GetRequiredService<ConnectionTable>());
        builder.Services.AddSingleton(CreateConnections);

        builder.Services.AddHostedService<Drain>();
        builder.Services.AddHostedService<OperatorRequests>();
        builder.Services.AddHostedService<ConnectionSweep>();
        builder.Services.AddHostedService<TokenWatch>();
        builder.Services.AddHostedService<Reconciler>();
    }

    public static void MapRealtime(this WebApplication app)
    {
        // Over HTTP/2 the handshake is a CONNECT request.
        app.MapMethods("/api/ws", [HttpMethods.Get, HttpMethods.Connect], Handshake.Connect)
            .RequireAuthorization().WithMetadata(TokenInQuery.Allowed).ExcludeFromDescription();
    }

    private static MessageLimit CreateMessageLimit(IServiceProvider services) =>
        new(services.GetRequiredService<IOptions<RealtimeOptions>>().Value.MaxMessageBytes);

    private static SessionServices CreateSessionServices(IServiceProvider services) =>
        ActivatorUtilities.CreateInstance<SessionServices>(
            services, (ReadHead)services.GetRequiredService<EnvelopeStore>().LogHeadAsync);

    private static Connections CreateConnections(IServiceProvider services)
    {
        var presence = services.GetRequiredService<ServerPresence>();
        return ActivatorUtilities.CreateInstance<Connections>(
            services, (IsRegistered)(() => presence.IsAlive),
            (FindAccessKey)services.GetRequiredService<AccessKeys>().FindAsync,
            (ReadLog)services.GetRequiredService<EnvelopeLog>().ReadAsync);
    }
}
