using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Protocols;

/// <summary>What the relay among the references forwards: the sender's own frame, byte for byte.</summary>
internal sealed class BareRelay : Protocol
{
    public override string Name => "relay";

    public override bool Acknowledges => false;

    public override void Greet(Client client) => client.Ready();

    public override void Read(ReadOnlySpan<byte> message, Client client)
    {
        if (JsonScan.TryText(message, "\"message\":\""u8, out var text))
            Deliver(text, client);
        else
            client.Refused(message);
    }

    public override MessageTemplate Template(string author, string recipient, string text, string clientId) =>
        new($$"""{"recipient":"{{recipient}}","message":"{{text}}"}""");
}
