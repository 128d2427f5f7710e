using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Chatable.MigrationService;

/// <summary>Section <c>Migrations</c>.</summary>
internal sealed class MigrationOptions
{
    public const string Section = "Migrations";

    /// <summary>How long to wait for PostgreSQL to start, from the first attempt on. Zero means one attempt.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait for another migration of the same database, which may take long.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "30.00:00:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The time limit for one statement of a script.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "20.00:00:00")]
    public TimeSpan ScriptTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The role of the services, created if it is missing: lower-case letters, digits and <c>_</c>. Null if the services use the user in
    /// their connection string.
    /// </summary>
    public string? ServiceRole { get; set; }

    /// <summary>The role's password: at least 12 characters, printable ASCII. Every migration sets it.</summary>
    public string? ServicePassword { get; set; }

    internal bool HasWholeServiceRole => string.IsNullOrEmpty(ServiceRole) == string.IsNullOrEmpty(ServicePassword);

    internal bool HasPlainServiceRole => string.IsNullOrEmpty(ServiceRole)
        || (ServiceRole.Length <= 63 && !char.IsAsciiDigit(ServiceRole[0])
            && ServiceRole.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'));

    // Other characters would need SASLprep before they are hashed.
    internal bool HasPlainServicePassword => string.IsNullOrEmpty(ServicePassword)
        || (ServicePassword.Length >= 12 && ServicePassword.All(letter => letter is >= ' ' and <= '~'));
}

[OptionsValidator]
internal sealed partial class MigrationOptionsValidator : IValidateOptions<MigrationOptions>;
