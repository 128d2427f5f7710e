namespace Chatable.Bench.CommandLine;

/// <summary>Of a process that is one of the references.</summary>
/// <param name="Port">On the loopback interface.</param>
/// <param name="Redis">The backplane's, for SignalR.</param>
/// <param name="Postgres">Where each message is inserted; null to store nothing.</param>
internal sealed record ReferenceOptions(int Port, string? Redis, string? Postgres);
