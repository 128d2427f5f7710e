using System.Text.Json.Serialization;

namespace Chatable.ApiService.Http;

/// <summary>What features share on the wire; each feature adds a context of its own.</summary>
[JsonSerializable(typeof(ApiEnvelope<NoItem>))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
internal sealed partial class HttpJson : JsonSerializerContext;
