using System.Runtime.InteropServices;

namespace Chatable.Client.Stores;

/// <summary>
/// Flushes the folder of a new file. A new file survives a crash of the machine only once its folder, which holds its name, is flushed as
/// well. Windows flushes names together with files.
/// </summary>
internal static partial class FolderEntry
{
    private const int ReadOnly = 0;

    // EINVAL: the error of file systems that cannot flush a folder.
    private const int NotSupported = 22;

    /// <exception cref="IOException">The folder could not be flushed.</exception>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var folder = Open(Path.GetDirectoryName(target)!, ReadOnly);
        if (folder < 0)
            throw new IOException("The folder of the journal could not be opened.", Marshal.GetLastPInvokeError());
        try
        {
            if (Fsync(folder) != 0 && Marshal.GetLastPInvokeError() != NotSupported)
                throw new IOException("The folder of the journal could not be flushed.", Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
