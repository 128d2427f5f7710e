namespace Chatable.Client;

/// <summary>The server answered a request with an error.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">
/// What it is: <c>User error</c>, <c>Form error</c>, <c>Authentication error</c> … of v1, or the <c>code</c> of v2's problem details.
/// </param>
/// <param name="errors">What is wrong, by field; <c>error</c> where it is no field's fault.</param>
public sealed class ChatApiException(int status, string code, IReadOnlyDictionary<string, string> errors)
    : Exception($"{status} {code}{string.Concat(errors.Select(error => $"; {error.Key}: {error.Value}"))}")
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>What kind of error it is.</summary>
    public string Code { get; } = code;

    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyDictionary<string, string> Errors { get; } = errors;
}
