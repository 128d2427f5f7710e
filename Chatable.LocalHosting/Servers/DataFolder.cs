using System.Globalization;

namespace Chatable.LocalHosting;

/// <summary>
/// Where a server keeps its data: the folder of a volume, held by one topology at a time and kept, or a temporary one that is
/// deleted with the topology.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream? _volumeLock;

    private DataFolder(string path, FileStream? volumeLock)
    {
        Path = path;
        _volumeLock = volumeLock;
    }

    public string Path { get; }

    public bool IsTemporary => _volumeLock is null;

    /// <exception cref="DistributedApplicationException">Another topology uses the volume, or the folder cannot be made.</exception>
    public static async Task<DataFolder> OpenAsync(ServerResource server, EngineOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var folder = server.VolumeName is { } volume ? OpenVolume(volume, options.VolumesFolder) : OpenTemporary(server.Name);
            await ServerAccount.OwnAsync(folder.Path, cancellationToken);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The data folder of '{server.Name}' cannot be made: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _volumeLock?.Dispose();
        if (IsTemporary)
            TemporaryFolders.Delete(Path);
    }

    private static DataFolder OpenTemporary(string name) => new(TemporaryFolders.NewPath(name), volumeLock: null);

    private static DataFolder OpenVolume(string name, string volumesFolder)
    {
        Directory.CreateDirectory(volumesFolder);
        var path = System.IO.Path.Combine(volumesFolder, name);
        var ownerFile = $"{path}.owner";
        var volumeLock = Lock(name, path, ownerFile);
        try
        {
            File.WriteAllText(ownerFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new(path, volumeLock);
        }
        catch
        {
            volumeLock.Dispose();
            throw;
        }
    }

    private static FileStream Lock(string name, string path, string ownerFile)
    {
        try
        {
            // The lock is the kernel's: it goes with its process, however that ends.
            return new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            var owner = File.Exists(ownerFile) ? File.ReadAllText(ownerFile) : "unknown";
            throw new DistributedApplicationException(
                $"The volume '{name}' is in use by another running topology (process {owner}): stop that one first.");
        }
    }

    // EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows. A full disk, say, is another matter.
    private static bool IsSharingViolation(IOException e) =>
        e.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);
}
