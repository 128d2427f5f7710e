namespace Chatable.Messaging.Control;

/// <summary>A request from an operator to the API servers.</summary>
public abstract record ControlMessage
{
    private ControlMessage()
    {
    }

    /// <summary>One server closes its clients' connections, finishes its pending work, and exits.</summary>
    /// <param name="Instance">The server's <see cref="ServerIdentity.Instance"/>.</param>
    public sealed record Drain(string Instance) : ControlMessage;

    /// <summary>Every server closes the sockets of one user. A client with a valid token reconnects and resumes.</summary>
    /// <param name="Username">In any letter case.</param>
    public sealed record Disconnect(string Username) : ControlMessage;

    // A word and its argument: "drain vreaiugt", "disconnect alice". A server ignores words it does not know.
    internal string Format() => this switch
    {
        Drain drain => $"drain {drain.Instance}",
        Disconnect disconnect => $"disconnect {disconnect.Username}",
        _ => throw new InvalidOperationException($"{GetType().Name} has no format."),
    };

    internal static ControlMessage? Parse(string? text) => text?.Split(' ', 2) switch
    {
        ["drain", { Length: > 0 } instance] => new Drain(instance),
        ["disconnect", { Length: > 0 } username] => new Disconnect(username),
        _ => null,
    };
}
