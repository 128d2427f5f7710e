namespace Chatable.ApiService.Realtime.Sockets;

/// <summary>
/// Every code with which this server closes a WebSocket. The range tells a client what to do: 1000 and 4400 mean stop, 1012 and 1013 mean
/// reconnect, and 44xx name a step to take first.
/// </summary>
/// <param name="Number">The number in the close frame.</param>
/// <param name="Reason">The reason in the close frame.</param>
/// <param name="IssuedWhen">When the server sends it.</param>
/// <param name="ClientShould">What the client does next.</param>
internal sealed record CloseCode(int Number, string Reason, string IssuedWhen, string ClientShould)
{
    public static CloseCode Normal { get; } = new(1000, "bye", "the client asked for it", "nothing");

    // The framework's WebSocket sends 1007 itself, and 1002 in all cases except an unmasked frame.
    public static CloseCode BrokenProtocol { get; } =
        new(1002, "protocol error", "a frame breaks the WebSocket protocol", "stop: it has a fault");

    public static CloseCode Binary { get; } = new(1003, "text only", "a binary frame came", "stop: it has a fault");

    public static CloseCode NotUtf8 { get; } = new(1007, "not UTF-8", "a text frame is not UTF-8", "stop: it has a fault");

    public static CloseCode Policy { get; } = new(1008, "policy", "a frame came in needlessly many empty fragments", "stop");

    public static CloseCode TooBig { get; } = new(1009, "too big", "a frame is over the limit", "stop: it has a fault");

    public static CloseCode Stopping { get; } =
        new(1012, "server stops", "this server is stopped or replaced", "reconnect within 0 to 5 s at random, resume");

    public static CloseCode Disconnected { get; } =
        new(1012, "disconnected", "an operator disconnects the user", "reconnect within 0 to 5 s at random, resume");

    public static CloseCode TooSlow { get; } =
        new(1013, "too slow", "the client does not read what it is sent", "back off, reconnect, resume");

    public static CloseCode Unsure { get; } =
        new(1013, "send again", "the fate of a message is unknown, or the server cannot go on", "back off, reconnect, resume");

    public static CloseCode Contradiction { get; } =
        new(4400, "protocol state", "a frame contradicts the protocol's state", "stop: it has a fault");

    public static CloseCode TokenEnded { get; } =
        new(4401, "token ended", "the token expired or was revoked", "get a new token, then reconnect");

    public static CloseCode Overdue { get; } =
        new(4408, "timeout", "no hello came, or a frame was begun and not completed, in time", "reconnect");

    public static CloseCode Replaced { get; } =
        new(
            4409, "too many connections", "the user has too many connections, and others have taken its place",
            "wait some minutes, then reconnect");

    public static CloseCode ReplacedBySame { get; } =
        new(4409, "replaced by the same device", "the user has too many connections, and the same device has a newer one", "stop there");

    public static CloseCode Flood { get; } =
        new(4429, "flood", "the client goes on over a rate to which it could not be slowed down", "wait, then reconnect");

    public static IReadOnlyList<CloseCode> All { get; } =
    [
        Normal, BrokenProtocol, Binary, NotUtf8, Policy, TooBig, Stopping, Disconnected, TooSlow, Unsure, Contradiction, TokenEnded,
        Overdue, Replaced, ReplacedBySame, Flood,
    ];
}
