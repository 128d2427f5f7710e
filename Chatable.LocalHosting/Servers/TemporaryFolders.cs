using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>
/// Folders named <c>chatable-{process id}-{letters}-{resource}</c>, so that what a killed process left can be told and removed.
/// </summary>
internal static class TemporaryFolders
{
    private const string Prefix = "chatable-";

    public static string NewPath(string resource) => Path.Combine(
        Path.GetTempPath(),
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{InstanceId.NewSuffix()}-{resource}"));

    /// <summary>Removes the folders of processes that are no more.</summary>
    public static void Sweep()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), $"{Prefix}*-*-*"))
            if (int.TryParse(Path.GetFileName(folder).Split('-')[1], CultureInfo.InvariantCulture, out var owner)
                && !ChildProcess.IsAlive(owner))
                Delete(folder);
    }

    public static void Delete(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's, or a server on its way out still writes there: the next start sweeps again.
        }
    }
}
