namespace Chatable.FanoutWorker;

/// <summary>An entry cannot be stored, and there is no room to put it aside; losing it is no choice, so its partition waits.</summary>
internal sealed class DeadLettersFullException(int partition) : Exception($"The dead letters of partition {partition} are full.");
