namespace Chatable.Client;

/// <summary>A request failed: the server refused it, or another system answered.</summary>
public sealed class ChatApiException : Exception
{
    /// <summary>Creates the exception for an error response from a Chatable server.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">
    /// The kind of error: <c>User error</c>, <c>Form error</c>, <c>Authentication error</c> … of v1, or the <c>code</c> of v2's problem
    /// details.
    /// </param>
    /// <param name="errors">The faults by field; <c>error</c> if no field is at fault.</param>
    public ChatApiException(int status, string code, IReadOnlyDictionary<string, string> errors)
        : base($"{status} {code}{string.Concat(errors.Select(error => $"; {error.Key}: {error.Value}"))}")
    {
        Status = status;
        Code = code;
        Errors = errors;
        IsFromServer = true;
    }

    internal ChatApiException(int status, string bodyStart)
        : base($"{status} {NoAnswer}{(bodyStart.Length > 0 ? $": {bodyStart}" : "")}")
    {
        Status = status;
        Code = NoAnswer;
        Errors = new Dictionary<string, string>();
        BodyStart = bodyStart;
    }

    private const string NoAnswer = "No answer of a Chatable server";

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>The kind of error.</summary>
    public string Code { get; }

    /// <summary>The faults by field.</summary>
    public IReadOnlyDictionary<string, string> Errors { get; }

    /// <summary>
    /// Whether a Chatable server sent this response. If not, another system answered in its place, such as a gateway or a login page, and
    /// the same request may succeed later.
    /// </summary>
    public bool IsFromServer { get; }

    /// <summary>
    /// The beginning of a response that is not from a Chatable server. Long words are removed, so that it contains no secrets.
    /// </summary>
    public string BodyStart { get; } = "";
}
