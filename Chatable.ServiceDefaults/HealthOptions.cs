namespace Chatable.ServiceDefaults;

/// <summary>Section <c>Health</c>.</summary>
internal sealed class HealthOptions
{
    public const string Section = "Health";

    /// <summary>
    /// Whether <c>/health</c> lists the unhealthy checks and their reasons after its one-word status. If unset, only in Development,
    /// because anyone who reaches the port can ask. Enable it if only the platform's probes and operators reach the port.
    /// </summary>
    public bool? Details { get; set; }
}
