namespace Chatable.Messaging.ServerQueues;

/// <summary>What one server is to be told: a <see cref="Wire.DispatchBatch"/>, for the queue of that boot id.</summary>
public readonly record struct ServerBatch(Guid BootId, ReadOnlyMemory<byte> Items);
