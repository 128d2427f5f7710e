using System.Diagnostics;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Telemetry;
using Chatable.Messaging.TestHooks;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Push;

/// <summary>Hands what the worker says to the sockets it concerns; users who are not here any more are passed over.</summary>
internal sealed class Dispatcher(ConnectionTable connections, ServerIdentity server)
{
    public void Dispatch(Dispatch item)
    {
        switch (item)
        {
            case MessageStored stored:
                Push(stored);
                break;
            case MessageRepeated repeated:
                Tell(repeated.Origin)?.Repeated(repeated);
                Notice(repeated);
                break;
            case MessageRefused refused:
                Tell(refused.Origin)?.Refuse(refused);
                break;
        }
    }

    private IProtocolSession? Tell(Origin origin) =>
        origin.BootId == server.BootId ? connections.Find(origin.ConnectionId)?.Session : null;

    // The push may have been lost with the first attempt.
    private void Notice(MessageRepeated repeated)
    {
        if (SeededBug.Is("repair_off"))
            return;
        foreach (var (user, head) in repeated.Heads)
        {
            foreach (var connection in connections.Of(user))
                connection.Log.NoticeHead(head);
        }
    }

    private void Push(MessageStored stored)
    {
        if (SeededBug.Strikes("drop_push"))
            return;
        using var span = StartSpan(stored);
        var message = new SharedMessage(stored.Message);
        foreach (var (user, seq) in stored.Recipients)
        {
            foreach (var connection in connections.Of(user))
                connection.Log.Push(new LogEntry(seq, message));
        }

        CrashPoint.Reach("after_push");
    }

    // Many servers get the message; only those who have somebody for it say so. Without a trace to continue there is no span.
    private Activity? StartSpan(MessageStored stored) =>
        stored.Trace != default && stored.Recipients.Any(recipient => connections.Of(recipient.UserId).Length > 0)
            ? RealtimeMetrics.Source.StartActivity(TelemetryNames.PushSpan, ActivityKind.Consumer, stored.Trace.ToContext())
            : null;
}
