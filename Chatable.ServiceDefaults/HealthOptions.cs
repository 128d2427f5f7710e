namespace Chatable.ServiceDefaults;

/// <summary>Section <c>Health</c>.</summary>
internal sealed class HealthOptions
{
    public const string Section = "Health";

    /// <summary>
    /// Whether <c>/health</c> says after its one word which checks are not well, and why. Unset: in Development only, for anybody who
    /// reaches the port may ask. Set it where that are the platform's probes and you.
    /// </summary>
    public bool? Details { get; set; }
}
