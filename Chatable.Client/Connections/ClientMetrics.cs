using System.Diagnostics.Metrics;

namespace Chatable.Client.Connections;

/// <summary>Meter <c>Chatable.Client</c>.</summary>
internal static class ClientMetrics
{
    private static readonly Meter s_meter = new("Chatable.Client");

    public static Counter<long> Connections { get; } = s_meter.CreateCounter<long>(
        "chatable.client.connections", "{connection}", "Connections that a server welcomed.");

    public static Counter<long> Resends { get; } = s_meter.CreateCounter<long>(
        "chatable.client.resends", "{message}", "Messages sent once more on the same connection.");

    public static Counter<long> InboxFull { get; } = s_meter.CreateCounter<long>(
        "chatable.client.inbox_full", "{pause}", "Times reading from the server was paused, since the application was slow.");

    public static Counter<long> OutboxFull { get; } = s_meter.CreateCounter<long>(
        "chatable.client.outbox_full", "{message}", "Messages not taken, since too many wait for the server.");
}
