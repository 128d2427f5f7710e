using System.Text.Json;

namespace Chatable.Client.Wire;

/// <summary>
/// The frames that a client sends over <c>chatable.v2</c>.
/// <code>
/// {"type":"hello","since":7,"epoch":"…","device":"phone"}     since and epoch null: from now on
/// {"type":"send","client_id":"c1","recipient":"bob","message":"hello","message_type":0}
/// {"type":"ping"}   {"type":"pong"}
/// </code>
/// </summary>
internal static class ClientFrames
{
    public static ReadOnlyMemory<byte> Ping { get; } = """{"type":"ping"}"""u8.ToArray();

    public static ReadOnlyMemory<byte> Pong { get; } = """{"type":"pong"}"""u8.ToArray();

    public static ReadOnlyMemory<byte> Hello(long? since, Guid? epoch, string? device) =>
        JsonSerializer.SerializeToUtf8Bytes(new HelloFields("hello", since, epoch, device), FrameJson.Plain.HelloFields);

    public static ReadOnlyMemory<byte> Send(OutgoingMessage message) => JsonSerializer.SerializeToUtf8Bytes(
        new SendFields("send", message.ClientId, message.Recipient, message.Text, (int)message.Type), FrameJson.Plain.SendFields);
}
