
namespace Chatable.Tests.Faults.Cluster;

/// <summary>An in-memory file system that can be filled up; mounting it requires root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatable-disk-");

    public string Folder => _folder.FullName;

    private string Ballast => Path.Combine(Folder, "ballast");

    public static async Task<SmallDisk> MountAsync(int megabytes, CancellationToken cancellationToken)
    {
        var disk = new SmallDisk();
        await RunAsync(["mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "tmpfs", disk.Folder], cancellationToken);
        return disk;
    }

    /// <summary>Fills it completely.</summary>
    public void Fill()
    {
        try
        {
            using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[4096];
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // The disk is full.
        }
    }

    public void Free() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        // Lazy: a process keeps its open files on it.
        await RunAsync(["umount", "-l", Folder], CancellationToken.None);
        _folder.Delete(recursive: true);
    }

    // Requires root.
    private static async Task RunAsync(string[] command, CancellationToken cancellationToken) =>
        (await ProcessRun.OfAsync(command[0], command[1..], cancellationToken)).Succeeded(string.Join(' ', command));
}
