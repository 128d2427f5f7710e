using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Telemetry;

namespace Chatable.ApiService.Realtime;

internal sealed class RealtimeMetrics
{
    public static readonly ActivitySource Source = new(TelemetryNames.Realtime);

    // Created once, because every message uses one.
    private static readonly KeyValuePair<string, object?> s_duplicate = new("duplicate", true);
    private static readonly KeyValuePair<string, object?> s_notDuplicate = new("duplicate", false);

    private readonly Counter<long> _refused;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _silent;
    private readonly Counter<long> _frames;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _acks;
    private readonly Counter<long> _resumes;
    private readonly Counter<long> _slowed;
    private int _connections;

    public RealtimeMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Realtime);
        meter.CreateObservableUpDownCounter(
            "chatable.realtime.connections", () => Volatile.Read(ref _connections), "{connection}", "Open WebSockets.");
        _refused = meter.CreateCounter<long>(
            "chatable.realtime.handshakes.refused", "{handshake}", "Handshakes refused, by reason.");
        _closed = meter.CreateCounter<long>(
            "chatable.realtime.connections.closed", "{connection}",
            "Connections that ended, by close code; 'too slow' means a slow reader.");
        _silent = meter.CreateCounter<long>(
            "chatable.realtime.connections.silent", "{connection}", "Connections ended because nothing arrived from their clients.");
        _frames = meter.CreateCounter<long>("chatable.realtime.frames", "{frame}", "Frames received and sent.");
        _errors = meter.CreateCounter<long>("chatable.realtime.errors", "{error}", "Frames answered with an error, by code.");
        _acks = meter.CreateCounter<long>(
            "chatable.realtime.acks", "{message}",
            "Messages acknowledged to the connection that sent them, by whether they were duplicates.");
        _resumes = meter.CreateCounter<long>(
            "chatable.realtime.resumes", "{connection}", "Hello frames answered, by outcome: new, current, backlog or reset.");
        _slowed = meter.CreateCounter<long>(
            "chatable.realtime.slowed", "{pause}",
            "Pauses in reading from a client, by cause: over its rate, no room for its messages, or too many pings and pongs.");
    }

    public void SlowedDown(string cause) => _slowed.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public void Connected() => Interlocked.Increment(ref _connections);

    public void Disconnected() => Interlocked.Decrement(ref _connections);

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Closed(CloseCode code) => _closed.Add(
        1, new KeyValuePair<string, object?>("code", code.Number), new KeyValuePair<string, object?>("reason", code.Reason));

    public void FellSilent() => _silent.Add(1);

    public void FrameReceived() => _frames.Add(1, new KeyValuePair<string, object?>("direction", "in"));

    public void FrameSent() => _frames.Add(1, new KeyValuePair<string, object?>("direction", "out"));

    public void Answered(SendError error) => _errors.Add(1, new KeyValuePair<string, object?>("code", error.Code));

    public void Acked(bool duplicate) => _acks.Add(1, duplicate ? s_duplicate : s_notDuplicate);

    public void Resumed(string outcome) => _resumes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
