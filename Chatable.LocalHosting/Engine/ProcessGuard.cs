namespace Chatable.LocalHosting;

/// <summary>
/// Puts the small programs before a command line that make a child its own session (Ctrl+C reaches the engine alone, which stops
/// its children in order), run as another user, and die with its parent.
/// </summary>
internal static class ProcessGuard
{
    private static readonly string? s_setsid = OperatingSystem.IsLinux() ? ProgramPath.Find("setsid") : null;
    private static readonly string? s_setpriv = OperatingSystem.IsLinux() ? ProgramPath.Find("setpriv") : null;

    /// <summary>Whether children die with this process even where it is killed and cannot stop them.</summary>
    public static bool ChildrenDieWithParent => s_setpriv is not null;

    // Each of them replaces itself by the next (exec), so the process id we start is the program's own.
    public static List<string> CommandLine(ProcessSpec spec)
    {
        List<string> line = [];
        if (s_setsid is not null)
            line.Add(s_setsid);
        if (s_setpriv is not null)
        {
            line.Add(s_setpriv);
            // Changing the user clears the parent-death signal; setpriv sets it last, whatever the order of its arguments.
            if (spec.AsServerAccount && ServerAccount.Name is { } account)
                line.AddRange([$"--reuid={account}", $"--regid={ServerAccount.Group}", "--init-groups"]);
            line.AddRange(["--pdeathsig", spec.ParentDeathSignal.ToString().ToUpperInvariant(), "--"]);
        }

        return [.. line, spec.Program, .. spec.Arguments];
    }
}
