using System.Globalization;
using System.Runtime.InteropServices;

namespace Chatable.Tests.Support;

/// <summary>Signals on Linux and macOS.</summary>
internal static class Signals
{
    public const int Quit = 3, Kill = 9, Terminate = 15, Interrupt = 2;

    /// <summary>SIGUSR2 on Linux.</summary>
    public const int User = 12;

    public static int Stop { get; } = OperatingSystem.IsMacOS() ? 17 : 19;

    public static int Continue { get; } = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>Ignores a process that has already exited.</summary>
    public static void Send(int processId, int signal) => _ = SendSignal(processId, signal);

    /// <summary>
    /// Whether every thread has stopped after <see cref="Stop"/>: on a busy machine some keep running for a while. Assumed to be true
    /// without /proc.
    /// </summary>
    public static bool HasStopped(int processId)
    {
        var threads = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/task");
        return !Directory.Exists(threads) || Directory.EnumerateDirectories(threads).All(IsThreadStopped);
    }

    // 4711 (name of a thread) T 1 …: T means stopped. A thread that has exited counts as stopped.
    private static bool IsThreadStopped(string directory)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(directory, "stat"));
            return text[text.LastIndexOf(')')..].StartsWith(") T ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);
}
