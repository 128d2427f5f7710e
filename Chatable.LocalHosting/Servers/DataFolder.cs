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
        catch (UnauthorizedAccessException e)
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
        try
        {
            // The lock is the kernel's: it goes with its process, however that ends.
            var volumeLock = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(ownerFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new(path, volumeLock);
        }
        catch (IOException)
        {
            var owner = File.Exists(ownerFile) ? File.ReadAllText(ownerFile) : "unknown";
            throw new DistributedApplicationException(
                $"The volume '{name}' is in use by another running topology (process {owner}): stop that one first.");
        }
    }
}
