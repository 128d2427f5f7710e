namespace Chatable.Tests.Faults.Nemesis;

/// <summary>
/// What a fault needs for itself. Two faults happen at once only if neither uses the other's parts, so that neither undoes the other or
/// makes it impossible.
/// </summary>
[Flags]
internal enum Parts
{
    None = 0,

    /// <summary>The processes of the API servers.</summary>
    ApiServers = 1,

    /// <summary>The processes of the workers.</summary>
    Workers = 1 << 1,

    /// <summary>The process of Redis and its data.</summary>
    Redis = 1 << 2,

    /// <summary>The processes of PostgreSQL, and its locks, settings and connections.</summary>
    Postgres = 1 << 3,

    /// <summary>The entries in the intake.</summary>
    Intake = 1 << 4,

    ApiRedisLinks = 1 << 5,
    ApiPostgresLinks = 1 << 6,
    WorkerRedisLinks = 1 << 7,
    WorkerPostgresLinks = 1 << 8,

    /// <summary>The links between clients and API servers.</summary>
    ClientLinks = 1 << 9,

    /// <summary>Devices of the workload's users.</summary>
    Devices = 1 << 10,

    /// <summary>The services' processor time.</summary>
    Processors = 1 << 11,
}
