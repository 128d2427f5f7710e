namespace Chatable.MigrationService;

/// <summary>A reason not to migrate, in words for whoever operates this.</summary>
internal sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
