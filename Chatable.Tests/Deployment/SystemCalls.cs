using System.Runtime.InteropServices;

namespace Chatable.Tests.Deployment;

/// <summary>
/// Applies a unit's <c>SystemCallFilter</c> to a program that is started without systemd: calls that systemd would refuse are refused here
/// too. Uses libseccomp, which systemd itself needs, and perl, which every Debian has.
/// </summary>
internal static class SystemCalls
{
    private const uint Refuse = 0x00050000 | NotPermitted, Allow = 0x7fff0000;
    private const uint NotPermitted = 1;

    // The system call numbers of prctl and seccomp.
    private static readonly (int Prctl, int Seccomp) s_calls = RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => (157, 317),
        System.Runtime.InteropServices.Architecture.Arm64 => (167, 277),
        var other => throw new PlatformNotSupportedException($"{other} has other system call numbers."),
    };

    // prctl(PR_SET_NO_NEW_PRIVS, 1), seccomp(SECCOMP_SET_MODE_FILTER, 0, { length, program }).
    private static readonly string s_starter = $$"""
        open(my $file, '<:raw', shift) or die "filter: $!"; local $/; my $code = <$file>;
        my $program = pack('S x6 P', length($code) / 8, $code);
        syscall({{s_calls.Prctl}}, 38, 1, 0, 0, 0) == 0 or die "prctl: $!";
        syscall({{s_calls.Seccomp}}, 1, 0, $program) == 0 or die "seccomp: $!";
        exec { $ARGV[0] } @ARGV or die "exec: $!";
        """;

    /// <summary>The command that starts a program under the filter. The program and its arguments follow it.</summary>
    public static async Task<string[]> StarterAsync(SystemdUnit unit, string folder, CancellationToken cancellationToken)
    {
        var allowed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in unit["SystemCallFilter"])
        {
            var names = await ExpandAsync(line.TrimStart('~').Split(' '), cancellationToken);
            if (line[0] == '~')
                allowed.ExceptWith(names);
            else
                allowed.UnionWith(names);
        }

        Assert.Contains("execve", allowed);
        var file = Path.Combine(folder, $"{unit.Name}.bpf");
        Export(allowed, file);
        return [InstalledPrograms.Find("perl"), "-e", s_starter, file];
    }

    // Output of systemd-analyze syscall-filter @timer: the name of the set, a comment, and its members, which may be sets.
    private static async Task<HashSet<string>> ExpandAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var expanded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (name[0] != '@')
            {
                expanded.Add(name);
                continue;
            }

            var answer = await ProcessRun.OfAsync(
                InstalledPrograms.Find("systemd-analyze"), ["--no-pager", "syscall-filter", name], cancellationToken);
            var members = answer.Succeeded("systemd-analyze").Output.Split('\n').Skip(1)
                .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#');
            expanded.UnionWith(await ExpandAsync(members, cancellationToken));
        }

        return expanded;
    }

    private static void Export(IEnumerable<string> allowed, string file)
    {
        var filter = Create(Refuse);
        Assert.NotEqual(0, filter);
        try
        {
            // System calls of other architectures have no number here.
            foreach (var call in allowed.Select(Number).Where(call => call >= 0))
                Assert.Equal(0, Add(filter, Allow, call, 0, 0));
            using var output = File.Create(file);
            Assert.Equal(0, Write(filter, (int)output.SafeFileHandle.DangerousGetHandle()));
        }
        finally
        {
            Release(filter);
        }
    }

    [DllImport("libseccomp.so.2", EntryPoint = "seccomp_init")]
    private static extern nint Create(uint otherwise);

    [DllImport("libseccomp.so.2", EntryPoint = "seccomp_syscall_resolve_name")]
    private static extern int Number([MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [DllImport("libseccomp.so.2", EntryPoint = "seccomp_rule_add_array")]
    private static extern int Add(nint filter, uint action, int call, uint conditions, nint none);

    [DllImport("libseccomp.so.2", EntryPoint = "seccomp_export_bpf")]
    private static extern int Write(nint filter, int file);

    [DllImport("libseccomp.so.2", EntryPoint = "seccomp_release")]
    private static extern void Release(nint filter);
}
