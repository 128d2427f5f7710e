using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime.Delivery;
using Chatable.ApiService.Realtime.Presence;
using Chatable.ApiService.Realtime.Sending;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Users;

namespace Chatable.ApiService.Realtime;

internal static class RealtimeFeature
{
    // Longer than a drain takes, shorter than the 30 s platforms wait before they kill.
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(25);

    public static void AddRealtime(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<RealtimeOptions>(RealtimeOptions.Section, options => options.Faults());
        builder.Services.PostConfigure<RealtimeOptions>(
            options => options.MaxSockets = Math.Min(options.MaxSockets, FileDescriptors.OfThisProcess.Sockets));
        builder.AddValidatedOptions<DeliveryOptions>(DeliveryOptions.Section, options => options.Faults());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = s_shutdown);
        builder.Services.AddIntake().AddServerQueues().AddServerRegistry().AddEvictionPolicyCheck();
        builder.Services.AddSingleton<EnvelopeStore>();
        builder.Services.AddSingleton<RealtimeMetrics>();

        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddSingleton(CreateAccepter);
        builder.Services.AddSingleton(CreateSessionServices);
        builder.Services.AddSingleton<EnvelopeLog>();
        builder.Services.AddSingleton<SendWaiters>();
        builder.Services.AddSingleton<LogSignals>();
        builder.Services.AddSingleton<Dispatcher>();
        builder.Services.AddSingleton<ConnectionTable>();
        builder.Services.AddSingleton(CreateConnections);
        builder.Services.AddSingleton(CreateRegistrations);

        builder.Services.AddHostedService<Drain>();
        builder.Services.AddHostedService<ConnectionSweep>();
        builder.Services.AddHostedService<TokenWatch>();
        AddHosted<DispatchReader>(builder.Services);
        AddHosted<Reconciler>(builder.Services);
        AddHosted<ServerPresence>(builder.Services);
    }

    public static void MapRealtime(this WebApplication app)
    {
        app.UseWebSockets();
        // Over HTTP/2 the handshake is a CONNECT.
        app.MapMethods("/api/ws", [HttpMethods.Get, HttpMethods.Connect], Handshake.Connect).RequireAuthorization().ExcludeFromDescription();
    }

    private static void AddHosted<T>(IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    private static MessageAccepter CreateAccepter(IServiceProvider services)
    {
        var intake = services.GetRequiredService<IntakeLog>();
        return ActivatorUtilities.CreateInstance<MessageAccepter>(
            services, (FindUser)services.GetRequiredService<UserDirectory>().FindAsync,
            (AppendEntries)intake.AppendAsync, intake.Partitions);
    }

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

    private static UserRegistrations CreateRegistrations(IServiceProvider services)
    {
        var registry = services.GetRequiredService<ServerRegistry>();
        var server = services.GetRequiredService<ServerIdentity>().BootId;
        return new UserRegistrations(
            (users, cancellationToken) => registry.AddUsersAsync(server, users, cancellationToken),
            (users, cancellationToken) => registry.RemoveUsersAsync(server, users, cancellationToken));
    }
}
