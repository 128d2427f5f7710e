namespace Chatable.LocalHosting;

/// <summary>The topology cannot run; the message is one sentence for the person who started it.</summary>
public sealed class DistributedApplicationException : Exception
{
    public DistributedApplicationException()
    {
    }

    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>What a failed process printed last, for readers who have not seen it go by.</summary>
    internal string? Output { get; init; }
}
