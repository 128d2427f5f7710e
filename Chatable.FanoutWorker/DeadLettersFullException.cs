namespace Chatable.FanoutWorker;

/// <summary>An entry cannot be stored, and the dead letters are full. Losing the entry is not allowed, so its partition waits.</summary>
internal sealed class DeadLettersFullException(int partition) : Exception($"The dead letters of partition {partition} are full.");
