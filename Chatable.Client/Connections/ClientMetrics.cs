using System.Diagnostics.Metrics;

namespace Chatable.Client.Connections;

/// <summary>Meter <c>Chatable.Client</c>.</summary>
internal static class ClientMetrics
{
    private static readonly Meter s_meter = new("Chatable.Client");

    public static Counter<long> Connections { get; } = s_meter.CreateCounter<long>(
        "chatable.client.connections", "{connection}", "Connections that a server welcomed.");

    public static Counter<long> Resends { get; } = s_meter.CreateCounter<long>(
        "chatable.client.resends", "{message}", "Messages sent again on the same connection.");

    public static Counter<long> InboxFull { get; } = s_meter.CreateCounter<long>(
        "chatable.client.inbox_full", "{pause}", "Pauses in reading from the server because the application was slow.");

    public static Counter<long> OutboxFull { get; } = s_meter.CreateCounter<long>(
        "chatable.client.outbox_full", "{message}", "Messages not accepted because too many were waiting for the server.");
}
