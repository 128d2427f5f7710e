namespace Chatable.LocalHosting;

/// <summary>One process to start. Secrets go into the environment or the standard input, never into the arguments.</summary>
internal sealed record ProcessSpec(string Program, params IReadOnlyList<string> Arguments)
{
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>Added to the environment of this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? StandardInput { get; init; }

    /// <summary>Runs as the account for servers when this process is root's: PostgreSQL refuses to run as root.</summary>
    public bool AsServerAccount { get; init; }

    /// <summary>Asks the process to end in good order.</summary>
    public Signal StopSignal { get; init; } = Signal.Term;

    /// <summary>What the kernel sends when this process dies without a word.</summary>
    public Signal ParentDeathSignal { get; init; } = Signal.Kill;
}

/// <summary>Signals by their numbers, the same on Linux and macOS.</summary>
internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
}
