using System.Diagnostics;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Telemetry;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Hands what the worker says to the sockets it concerns; users who are not here any more are passed over.</summary>
internal sealed class Dispatcher(ConnectionTable connections, ServerIdentity server) : IDispatchHandler
{
    public void Handle(in MessageStored stored)
    {
        if (SeededBug.Strikes("drop_push"))
            return;
        using var span = StartSpan(stored.Recipients, stored.Trace);
        foreach (var (user, seq) in stored.Recipients)
        {
            var entry = new Envelope(seq, stored.Message);
            foreach (var connection in connections.Of(user))
                connection.Log.Push(entry);
        }

        CrashPoint.Reach("after_push");
    }

    public void Handle(in MessageRepeated repeated)
    {
        Find(repeated.Origin)?.Repeated(repeated);
        Notice(repeated.Heads);
    }

    public void Handle(in MessageRefused refused) => Find(refused.Origin)?.Refuse(refused);

    private IProtocolSession? Find(Origin origin) =>
        origin.BootId == server.BootId ? connections.Find(origin.ConnectionId)?.Session : null;

    // The push may have been lost with the first attempt.
    private void Notice(Recipients heads)
    {
        if (SeededBug.Is("repair_off"))
            return;
        foreach (var (user, head) in heads)
        {
            foreach (var connection in connections.Of(user))
                connection.Log.NoticeHead(head);
        }
    }

    // Many servers get the message; only those who have somebody for it say so. Without a trace to continue there is no span.
    private Activity? StartSpan(Recipients recipients, TraceParent trace) =>
        trace != default && recipients.Any(recipient => connections.Of(recipient.UserId).Length > 0)
            ? RealtimeMetrics.Source.StartActivity(TelemetryNames.PushSpan, ActivityKind.Consumer, trace.ToContext())
            : null;
}
