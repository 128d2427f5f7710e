using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Protocols;

/// <summary>How a client talks to a server. One serves all clients: what differs between them is theirs.</summary>
internal abstract class Protocol
{
    public abstract string Name { get; }

    /// <summary>Whether the author is told of each message what became of it.</summary>
    public abstract bool Acknowledges { get; }

    /// <summary>Header lines of the upgrade beyond the usual ones, each with its line end.</summary>
    public virtual string Headers => "";

    /// <summary>The WebSocket is open: says what has to be said first, or that the client is ready.</summary>
    public abstract void Greet(Client client);

    /// <summary>Tells the client what a message of the server means.</summary>
    public abstract void Read(ReadOnlySpan<byte> message, Client client);

    /// <summary>The frame of a message from one user to another.</summary>
    /// <param name="author">Its author's name.</param>
    /// <param name="recipient">Its recipient's.</param>
    /// <param name="text">The text, with a hole for the index.</param>
    /// <param name="clientId">What names the message, with a hole too; a UUID that no other message of this author has.</param>
    public abstract MessageTemplate Template(string author, string recipient, string text, string clientId);

    /// <summary>A message's text, told as a delivery.</summary>
    protected static void Deliver(ReadOnlySpan<byte> text, Client client)
    {
        if (Marker.TryRead(text, out var lane, out var index))
            client.Delivered(lane, index);
        else
            client.Refused(text);
    }
}
