using System.Diagnostics;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Telemetry;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Passes the worker's items to the sockets they concern. Users without a connection here are skipped.</summary>
internal sealed class Dispatcher(ConnectionTable connections, ServerIdentity server, ReconcileSignal reconcile) : IDispatchHandler
{
    public void Handle(in EntryStored stored)
    {
        using var span = StartSpan(stored.Recipients, stored.Trace);
        foreach (var (user, seq) in stored.Recipients)
        {
            var entry = new Envelope(seq, stored.Entry);
            foreach (var connection in connections.Of(user))
                LookWhereNot(connection.Log.Push(entry, stored.Epoch));
        }
    }

    public void Handle(in CommandRepeated repeated)
    {
        if (Find(repeated.Origin) is { } origin)
        {
            var told = repeated;
            if (!origin.Log.While(told.Epoch, () => origin.Session.Repeated(told)))
                origin.Session.RepeatedElsewhere();
        }

        Notice(repeated.Heads, repeated.Epoch);
    }

    public void Handle(in CommandRefused refused) => Find(refused.Origin)?.Session.Refuse(refused);

    private Connection? Find(Origin origin) => origin.BootId == server.BootId ? connections.Find(origin.ConnectionId) : null;

    // The item's epoch differs from the connection's. PostgreSQL knows which of the two is over.
    private void LookWhereNot(bool isOfTheConnection)
    {
        if (!isOfTheConnection)
            reconcile.Raise();
    }

    // The push may have been lost with the first attempt.
    private void Notice(Recipients heads, int epoch)
    {
        foreach (var (user, head) in heads)
        {
            foreach (var connection in connections.Of(user))
                LookWhereNot(connection.Log.NoticeHead(head, epoch));
        }
    }

    // Many servers receive the message. Only those with a connection of a recipient create a span, and only if there is a trace to
    // continue.
    private Activity? StartSpan(Recipients recipients, TraceParent trace) =>
        trace != default && recipients.Any(recipient => connections.Of(recipient.UserId).Length > 0)
            ? RealtimeMetrics.Source.StartActivity(TelemetryNames.PushSpan, ActivityKind.Consumer, trace.ToContext())
            : null;
}
