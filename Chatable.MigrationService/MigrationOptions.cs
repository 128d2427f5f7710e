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

    /// <summary>
    /// The role that the services run as, which is made where it is missing: lower-case letters, digits and <c>_</c>. Null: they run as
    /// whatever their connection string says.
    /// </summary>
    public string? ServiceRole { get; set; }

    /// <summary>Its password: at least 12 characters, printable ASCII. With every migration the role gets this one.</summary>
    public string? ServicePassword { get; set; }

    internal bool HasWholeServiceRole => string.IsNullOrEmpty(ServiceRole) == string.IsNullOrEmpty(ServicePassword);

    internal bool HasPlainServiceRole => string.IsNullOrEmpty(ServiceRole)
        || (ServiceRole.Length <= 63 && !char.IsAsciiDigit(ServiceRole[0])
            && ServiceRole.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'));

    // Other characters would have to be prepared as SASLprep has it before they are hashed.
    internal bool HasPlainServicePassword => string.IsNullOrEmpty(ServicePassword)
        || (ServicePassword.Length >= 12 && ServicePassword.All(letter => letter is >= ' ' and <= '~'));
}
