using System.Text;
using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Protocols;

/// <summary>The subprotocol <c>chatable.v2</c>: docs/wire-protocol.md.</summary>
internal sealed class ChatableV2 : Protocol
{
    public override string Name => "v2";

    public override bool Acknowledges => true;

    public override string Headers => "Sec-WebSocket-Protocol: chatable.v2\r\n";

    public override void Greet(Client client)
    {
        if (client.Since is { } since)
            client.Send(Encoding.ASCII.GetBytes($$"""{"type":"hello","since":{{since}},"epoch":"{{client.Epoch}}"}"""));
        else
            client.Send("""{"type":"hello","since":null}"""u8);
    }

    public override void Read(ReadOnlySpan<byte> message, Client client)
    {
        // The server writes the type first: {"type":"ack",…
        const int TypeAt = 9;
        switch (message.Length > TypeAt ? message[TypeAt] : (byte)0)
        {
            case (byte)'a':
                ReadAck(message, client);
                break;
            case (byte)'m':
                ReadMessage(message, client);
                break;
            case (byte)'w':
                ReadWelcome(message, client);
                break;
            case (byte)'c':
                client.Ready();
                break;
            case (byte)'p' when message[TypeAt + 1] == 'i':
                client.Send("""{"type":"pong"}"""u8);
                break;
            case (byte)'p':
                break;
            default:
                client.Refused(message);
                break;
        }
    }

    public override MessageTemplate Template(string author, string recipient, string text, string clientId) =>
        new($$"""{"type":"send","client_id":"{{clientId}}","recipient":"{{recipient}}","message":"{{text}}"}""");

    private static void ReadWelcome(ReadOnlySpan<byte> message, Client client)
    {
        client.Begins(client.Since ?? JsonScan.Number(message, "\"head\":"u8));
        if (client.Epoch is null && JsonScan.TryText(message, "\"epoch\":\""u8, out var epoch))
            client.Epoch = Encoding.ASCII.GetString(epoch);
    }

    private static void ReadAck(ReadOnlySpan<byte> message, Client client)
    {
        // A repeated one stands outside of the log: the message's own place was or will be told.
        if (message.IndexOf("\"duplicate\":true"u8) < 0)
            client.Seen(JsonScan.Number(message, "\"seq\":"u8));
        if (JsonScan.TryText(message, "\"client_id\":\""u8, out var id))
            Acknowledge(id, client);
        else
            client.Refused(message);
    }

    private static void Acknowledge(ReadOnlySpan<byte> clientId, Client client)
    {
        if (clientId.Length > Marker.IndexDigits && Marker.TryReadIndex(clientId[^Marker.IndexDigits..], out var index))
            client.Acknowledged(index);
        else
            client.Refused(clientId);
    }

    // One's own message, told by its client_id, is an ack too.
    private static void ReadMessage(ReadOnlySpan<byte> message, Client client)
    {
        client.Seen(JsonScan.Number(message, "\"seq\":"u8));
        if (JsonScan.TryText(message, "\"client_id\":\""u8, out var id))
            Acknowledge(id, client);
        else if (JsonScan.TryText(message, "\"message\":\""u8, out var text))
            Deliver(text, client);
        else
            client.Refused(message);
    }
}
