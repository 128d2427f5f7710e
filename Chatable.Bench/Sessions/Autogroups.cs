namespace Chatable.Bench.Sessions;

/// <summary>
/// Where nothing has put processes into control groups, as service managers and containers do, Linux shares processors out among sessions
/// (sched(7), "autogroup"). Each backend of PostgreSQL is a session, and all other servers are one with the load generator: together they
/// then get as much as a single backend, and what is measured is how they wait for one another. So while we measure it is switched off,
/// where that is allowed.
/// </summary>
internal sealed class Autogroups : IDisposable
{
    private const string Setting = "/proc/sys/kernel/sched_autogroup_enabled";
    private const string On = "1", Off = "0";

    private readonly bool _wereOn;

    private Autogroups(bool wereOn) => _wereOn = wereOn;

    public static Autogroups SwitchOff() => new(Read() == On && TryWrite(Off));

    /// <summary>How processors are shared out from now on.</summary>
    public string Sharing => Read() == On
        ? "processors shared out among sessions (autogroups, which only root can switch off): tails are longer"
        : _wereOn ? "processors shared out among processes (autogroups switched off for this)" : "processors shared out among processes";

    public void Dispose()
    {
        if (_wereOn)
            TryWrite(On);
    }

    private static string? Read() => File.Exists(Setting) ? File.ReadAllText(Setting).Trim() : null;

    private static bool TryWrite(string value)
    {
        try
        {
            File.WriteAllText(Setting, value);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
