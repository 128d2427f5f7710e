namespace Chatable.MigrationService;

/// <summary>A reason not to migrate, worded for operators.</summary>
internal sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
