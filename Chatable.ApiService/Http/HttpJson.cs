using System.Text.Json.Serialization;

namespace Chatable.ApiService.Http;

/// <summary>The JSON types that features share. Each feature adds its own context.</summary>
[JsonSerializable(typeof(ApiEnvelope<NoItem>))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
internal sealed partial class HttpJson : JsonSerializerContext;
