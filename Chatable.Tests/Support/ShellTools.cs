namespace Chatable.Tests.Support;

/// <summary>A PATH on which some programs are missing or replaced.</summary>
internal static class ShellTools
{
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Links to all programs on PATH except some.</summary>
    public static void LinkAllBut(string folder, params string[] missing)
    {
        var programs = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Directory.Exists).SelectMany(Directory.EnumerateFiles);
        foreach (var program in programs)
        {
            var link = Path.Combine(folder, Path.GetFileName(program));
            if (!missing.Contains(Path.GetFileName(program)) && !Path.Exists(link))
                File.CreateSymbolicLink(link, program);
        }
    }

    /// <summary>A program, executable by every user, that runs a line of shell.</summary>
    public static string Write(string folder, string name, string script)
    {
        var program = Path.Combine(folder, name);
        File.Delete(program);
        File.WriteAllText(program, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, Everybody);
        return program;
    }
}
