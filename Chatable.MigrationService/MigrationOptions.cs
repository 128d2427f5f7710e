namespace Chatable.MigrationService;

/// <summary>Section <c>Migrations</c>.</summary>
internal sealed class MigrationOptions
{
    public const string Section = "Migrations";

    /// <summary>How long to wait for PostgreSQL to come up, from the first attempt on. Zero: one attempt.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait for another migration of the same database, which may be a long one.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long one statement of a script may take.</summary>
    public TimeSpan ScriptTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
