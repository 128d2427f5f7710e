using System.Runtime.InteropServices;

namespace Chatable.Tests.Faults.Cluster;

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

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);
}
