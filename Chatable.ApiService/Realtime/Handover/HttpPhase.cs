using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Realtime.Handover;

/// <summary>
/// A connection as HTTP sees it. Features and heartbeats that HTTP adds are stored here and are dropped with this object. Everything else
/// belongs to the connection itself.
/// </summary>
internal sealed class HttpPhase : ConnectionContext
{
    private readonly ConnectionContext _connection;
    private readonly Heartbeats _heartbeats = new();

    public HttpPhase(ConnectionContext connection)
    {
        _connection = connection;
        Features = new FeatureCollection(connection.Features);
        if (connection.Features.Get<IConnectionHeartbeatFeature>() is not { } heart)
            return;
        heart.OnHeartbeat(static state => ((Heartbeats)state).Beat(), _heartbeats);
        Features.Set<IConnectionHeartbeatFeature>(_heartbeats);
    }

    public override IFeatureCollection Features { get; }

    public override string ConnectionId
    {
        get => _connection.ConnectionId;
        set => _connection.ConnectionId = value;
    }

    public override IDictionary<object, object?> Items
    {
        get => _connection.Items;
        set => _connection.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => _connection.Transport;
        set => _connection.Transport = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _connection.LocalEndPoint;
        set => _connection.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _connection.RemoteEndPoint;
        set => _connection.RemoteEndPoint = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _connection.ConnectionClosed;
        set => _connection.ConnectionClosed = value;
    }

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort(abortReason);

    public override void Abort() => _connection.Abort();

    /// <summary>Removes the listeners of the connection's heartbeat: only HTTP's timeouts used it, and they are over.</summary>
    public void End() => _heartbeats.Stop();

    private sealed class Heartbeats : IConnectionHeartbeatFeature
    {
        private volatile Action? _listeners;

        public void OnHeartbeat(Action<object> action, object state) => _listeners += () => action(state);

        public void Beat() => _listeners?.Invoke();

        public void Stop() => _listeners = null;
    }
}
