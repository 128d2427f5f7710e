using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Delivery;

/// <summary>Section <c>Workers</c>: how a server checks that workers store the messages it accepts.</summary>
internal sealed class WorkersOptions
{
    public const string Section = "Workers";

    /// <summary>How often the number of live workers is read from Redis.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long no worker may be seen before workers count as missing. A worker being replaced, or a Redis that has just restarted, is not
    /// worth reporting. A worker that died without deregistering remains visible for <c>Fanout:LeaseDuration</c> (10 s).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Whether missing workers fail the readiness check. Off by default: all servers see the same workers, so all would go out of service
    /// at once. Reading, registering and accepting messages into the intake work without a worker.
    /// </summary>
    public bool RequiredForReadiness { get; set; }
}

[OptionsValidator]
internal sealed partial class WorkersOptionsValidator : IValidateOptions<WorkersOptions>;
