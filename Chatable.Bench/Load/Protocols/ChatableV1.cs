using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Protocols;

/// <summary>The original's frames: no greeting, no acknowledgement.</summary>
internal sealed class ChatableV1 : Protocol
{
    public override string Name => "v1";

    public override bool Acknowledges => false;

    public override void Greet(Client client) => client.Ready();

    public override void Read(ReadOnlySpan<byte> message, Client client)
    {
        if (message.StartsWith("{\"author\""u8) && JsonScan.TryText(message, "\"message\":\""u8, out var text))
            Deliver(text, client);
        else
            client.Refused(message);
    }

    public override MessageTemplate Template(string author, string recipient, string text, string clientId) =>
        new($$"""{"author":"{{author}}","recipient":"{{recipient}}","message":"{{text}}"}""");
}
