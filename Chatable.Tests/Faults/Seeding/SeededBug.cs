namespace Chatable.Tests.Faults.Seeding;

/// <summary>The names of the bugs that this process was told to have.</summary>
internal static class SeededBug
{
    /// <summary>The environment variable that names them, separated by commas.</summary>
    public const string Variable = "SEEDED_BUG";

    private const int OneIn = 20;

    private static readonly HashSet<string> s_bugs =
        [.. (Environment.GetEnvironmentVariable(Variable) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)];

    public static bool Is(string name) => s_bugs.Contains(name);

    /// <summary>Sometimes true, if the process has the bug.</summary>
    public static bool Strikes(string name) => Is(name) && Random.Shared.Next(OneIn) == 0;
}
