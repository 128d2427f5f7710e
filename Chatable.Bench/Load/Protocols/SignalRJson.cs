using Chatable.Bench.Load.Frames;
using Chatable.Bench.Load.Traffic;

namespace Chatable.Bench.Load.Protocols;

/// <summary>
/// SignalR's JSON hub protocol. Each record ends with 0x1E, and a WebSocket message may hold several.
/// <code>
/// {"protocol":"json","version":1}    {}                                                     the handshake, and its answer
/// {"type":1,"invocationId":"…","target":"Send","arguments":["alice","…","hello"]}           a call of ours
/// {"type":3,"invocationId":"…","result":…}                                                  its result: the ack
/// {"type":1,"target":"message","arguments":["…"]}                                           a call of the server's: a delivery
/// {"type":6}                                                                                a ping
/// </code>
/// </summary>
internal sealed class SignalRJson : Protocol
{
    private const byte Separator = 0x1E;

    public override string Name => "json hub";

    public override bool Acknowledges => true;

    // The handshake is answered before the connection is subscribed to its user's channel: a first call is, after.
    public override void Greet(Client client) => client.Send(
        "{\"protocol\":\"json\",\"version\":1}\u001e{\"type\":1,\"invocationId\":\"join\",\"target\":\"Join\",\"arguments\":[]}\u001e"u8);

    public override void Read(ReadOnlySpan<byte> message, Client client)
    {
        for (var end = message.IndexOf(Separator); end >= 0; end = message.IndexOf(Separator))
        {
            ReadRecord(message[..end], client);
            message = message[(end + 1)..];
        }
    }

    public override MessageTemplate Template(string author, string recipient, string text, string clientId) => new(
        $$"""{"type":1,"invocationId":"{{clientId}}","target":"Send","arguments":["{{recipient}}","{{clientId}}","{{text}}"]}"""
        + "\u001e");

    private static void ReadRecord(ReadOnlySpan<byte> record, Client client)
    {
        // {"type":1,…
        const int TypeAt = 8;
        if (record.SequenceEqual("{}"u8))
            return;
        if (record.Length <= TypeAt)
            client.Refused(record);
        else if (record[TypeAt] == '1' && JsonScan.TryText(record, "\"arguments\":[\""u8, out var text))
            Deliver(text, client);
        else if (record[TypeAt] == '3' && record.IndexOf("\"error\":"u8) < 0)
            ReadResult(record, client);
        else if (record[TypeAt] == '6')
            client.Send("{\"type\":6}\u001e"u8);
        else
            client.Refused(record);
    }

    private static void ReadResult(ReadOnlySpan<byte> record, Client client)
    {
        if (!JsonScan.TryText(record, "\"invocationId\":\""u8, out var id))
            client.Refused(record);
        else if (id.SequenceEqual("join"u8))
            client.Ready();
        else if (Marker.TryReadIndex(id[^Marker.IndexDigits..], out var index))
            client.Acknowledged(index);
        else
            client.Refused(record);
    }
}
