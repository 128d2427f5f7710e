using System.Text.Json.Serialization;

namespace Chatable.ApiService.Http;

/// <summary>Problem details as defined by RFC 9457, with two additional members.</summary>
/// <param name="Type">A URN that ends in the code.</param>
/// <param name="Title">The kind of failure, for people.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What the client can do, if there is more to say.</param>
/// <param name="Code">The kind of failure, for programs. The same codes as in the WebSocket's error frames.</param>
/// <param name="Errors">The faults by field.</param>
internal sealed record ProblemBody(
    string Type, string Title, int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Errors);
