namespace Chatable.Messaging.Intake;

/// <summary>This process is configured for another number of partitions than the intake was laid out with.</summary>
public sealed class PartitionMismatchException(string stored, int configured) : Exception(
    $"Intake:Partitions is {configured}, but the intake in Redis is laid out in {stored} partitions: " +
    $"configure {stored}, or stop every server and worker, let the intake drain and delete the key meta:partitions.");
