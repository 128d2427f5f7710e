using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Control;
using StackExchange.Redis;

namespace Chatable.ApiService.Realtime;

/// <summary>Carries out the control messages that concern this server.</summary>
internal sealed partial class OperatorRequests(
    IConnectionMultiplexer redis, IConfiguration configuration, ConnectionTable connections, ServerIdentity server,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<OperatorRequests> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        new ControlChannel(redis, configuration.KeyPrefix()).SubscribeAsync(Do, LogNotSubscribed, time, stoppingToken);

    private void Do(ControlMessage message)
    {
        switch (message)
        {
            case ControlMessage.Drain drain when drain.Instance == server.Instance:
                LogDrain();
                lifetime.StopApplication();
                break;
            case ControlMessage.Disconnect disconnect:
                var theirs = connections.All.Where(connection => connection.User.Is(disconnect.Username)).ToList();
                theirs.ForEach(connection => connection.Close(CloseCode.Disconnected));
                LogDisconnected(theirs.Count);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "An operator asked this server to drain.")]
    private partial void LogDrain();

    [LoggerMessage(LogLevel.Information, "An operator disconnected a user: {Connections} connections closed here.")]
    private partial void LogDisconnected(int connections);

    [LoggerMessage(LogLevel.Warning, "Control messages cannot be received yet.")]
    private partial void LogNotSubscribed(Exception exception);
}
