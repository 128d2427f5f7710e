using Chatable.Messaging.Intake;
using Chatable.Messaging.Wire;

namespace Chatable.FanoutWorker;

/// <summary>An entry read from the intake and not yet settled.</summary>
internal sealed record PendingEntry(int Partition, IntakeItem Item, IntakeEntry Entry)
{
    /// <summary>Whether it has gone among the dead letters.</summary>
    public bool IsPutAside { get; set; }

    /// <summary>When it arrived, by Redis' clock: a stream's id begins with the milliseconds since 1970.</summary>
    public DateTimeOffset? ArrivedAt =>
        Item.Id.ToString().Split('-') is [var text, _] && long.TryParse(text, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
