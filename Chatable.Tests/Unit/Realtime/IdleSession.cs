using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sessions;
using Chatable.Messaging;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>A protocol that does nothing, for tests of what is around it.</summary>
internal sealed class IdleSession : IProtocolSession
{
    public byte[]? Heartbeat { get; set; }

    public bool IsOverdue => false;

    public bool IsIdentified => true;

    public string? Device => null;

    public Task OpenAsync(LogCursor log, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Receive(ReadOnlySpan<byte> utf8)
    {
    }

    public Task ReadyAsync() => Task.CompletedTask;

    public void Deliver(in Envelope envelope)
    {
    }

    public void GoOn(LogEpoch epoch, long sharedUntil)
    {
    }

    public void Repeated(in CommandRepeated command)
    {
    }

    public void RepeatedElsewhere()
    {
    }

    public void Refuse(in CommandRefused command)
    {
    }

    public void StartDraining()
    {
    }
}
