using System.Globalization;
using System.Runtime.InteropServices;

namespace Chatable.Tests.Support;

/// <summary>Signals of Linux and macOS.</summary>
internal static class Signals
{
    public const int Quit = 3, Kill = 9, Terminate = 15, Interrupt = 2;

    /// <summary>SIGUSR2 of Linux.</summary>
    public const int User = 12;

    public static int Stop { get; } = OperatingSystem.IsMacOS() ? 17 : 19;

    public static int Continue { get; } = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>A process that is gone already is passed over.</summary>
    public static void Send(int processId, int signal) => _ = SendSignal(processId, signal);

    /// <summary>
    /// Whether every thread stands still after <see cref="Stop"/>: on a busy machine some run on for a while. Taken for granted where there
    /// is no /proc.
    /// </summary>
    public static bool HasStopped(int processId)
    {
        var threads = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/task");
        return !Directory.Exists(threads) || Directory.EnumerateDirectories(threads).All(IsThreadStopped);
    }

    // 4711 (name of a thread) T 1 …: T where it has stopped. One that ended meanwhile does nothing either.
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
