namespace Chatable.Messaging.ServerQueues;

/// <summary>Section <c>ServerQueue</c>.</summary>
public sealed class ServerQueueOptions
{
    public const string Section = "ServerQueue";

    /// <inheritdoc cref="Intake.IntakeOptions.KeyPrefix"/>
    public string KeyPrefix { get; set; } = "";

    /// <summary>
    /// Batches one server's queue holds, roughly; past it the oldest are dropped and counted, and the server repairs from PostgreSQL.
    /// </summary>
    public int Limit { get; set; } = 50_000;
}
