using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chatable.LocalHosting;

/// <summary>One resource, or one replica of it, at one moment.</summary>
public sealed record CustomResourceSnapshot
{
    public required string ResourceType { get; init; }

    /// <summary>Facts by name; <c>executable.pid</c> is the process id of a running process.</summary>
    public ImmutableArray<ResourcePropertySnapshot> Properties { get; init; } = [];

    public DateTime? StartTimeStamp { get; init; }

    public DateTime? StopTimeStamp { get; init; }

    public ResourceStateSnapshot? State { get; init; }

    /// <summary>Once ended; a process killed by signal N has 128 + N.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Null unless running; a running resource without health checks is healthy.</summary>
    public HealthStatus? HealthStatus => State?.Text != KnownResourceStates.Running ? null
        : HealthReports.Length == 0 ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
        : HealthReports.Min(report => report.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);

    public ImmutableArray<HealthReportSnapshot> HealthReports { get; init; } = [];

    /// <summary>What the process was started with, secrets included: never log it. A replica's own port is in ASPNETCORE_URLS.</summary>
    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; init; } = [];

    /// <summary>The public addresses, the same for all replicas.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>Why it could not start, or how it ended, in one sentence.</summary>
    internal string? Reason { get; init; }

    /// <summary>What the failed process, or the one it waited for, printed last.</summary>
    internal string? Output { get; init; }

    internal bool HasEnded => KnownResourceStates.TerminalStates.Contains(State?.Text ?? "");

    internal CustomResourceSnapshot With(string property, object? value) =>
        this with { Properties = [.. Properties.Where(p => p.Name != property), new(property, value)] };
}

public sealed record ResourceStateSnapshot(string Text, string? Style = null)
{
    public static implicit operator ResourceStateSnapshot?(string? text) => text is null ? null : new(text);
}

public sealed record ResourcePropertySnapshot(string Name, object? Value);

public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec);

public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal);

/// <summary>The last result of a health check; <c>Status</c> is null until the first has run.</summary>
public sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Description, string? ExceptionText);

/// <summary>A change of one resource's state.</summary>
public sealed class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    public IResource Resource { get; } = resource;

    /// <summary>Unique for each process: <c>{name}-{eight letters}</c>.</summary>
    public string ResourceId { get; } = resourceId;

    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}
