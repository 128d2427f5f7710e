using Microsoft.Extensions.Logging;

namespace Chatable.MigrationService;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Applied {Script}")]
    public static partial void ScriptApplied(ILogger logger, string script);

    [LoggerMessage(LogLevel.Information, "The schema is up to date: all {Count} scripts were applied before")]
    public static partial void NothingToApply(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "PostgreSQL is not up yet; trying again")]
    public static partial void NotUpYet(ILogger logger, Exception failure);

    [LoggerMessage(LogLevel.Information, "Created the database {Database}")]
    public static partial void DatabaseCreated(ILogger logger, string database);

    [LoggerMessage(LogLevel.Information, "The services' role {Role} is ready")]
    public static partial void ServiceRoleReady(ILogger logger, string role);

    [LoggerMessage(LogLevel.Error, "The database was not migrated: {Reason}")]
    public static partial void MigrationFailed(ILogger logger, string reason, Exception? exception);
}
