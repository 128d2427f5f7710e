using System.Text.Json;
using System.Text.Json.Serialization;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Http;

/// <summary>Writes times in REST responses as in the WebSocket's frames.</summary>
internal sealed class TimestampConverter : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTime();

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) => writer.WriteTimestampValue(value);
}
