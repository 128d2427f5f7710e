namespace Chatable.Tests.Faults.Nemesis;

/// <summary>
/// What a fault takes for itself. Two faults happen at once only where neither takes what the other has: so none undoes another, and
/// none makes another impossible.
/// </summary>
[Flags]
internal enum Parts
{
    None = 0,

    /// <summary>The processes of the API servers.</summary>
    ApiServers = 1,

    /// <summary>The processes of the workers.</summary>
    Workers = 1 << 1,

    /// <summary>The process of Redis, and what it holds.</summary>
    Redis = 1 << 2,

    /// <summary>The processes of PostgreSQL, and its locks, settings and connections.</summary>
    Postgres = 1 << 3,

    /// <summary>What is in the intake.</summary>
    Intake = 1 << 4,

    ApiRedisLinks = 1 << 5,
    ApiPostgresLinks = 1 << 6,
    WorkerRedisLinks = 1 << 7,
    WorkerPostgresLinks = 1 << 8,

    /// <summary>The links between clients and API servers.</summary>
    ClientLinks = 1 << 9,

    /// <summary>Devices of the workload's users.</summary>
    Devices = 1 << 10,

    /// <summary>The time the services get on the processors.</summary>
    Processors = 1 << 11,
}
