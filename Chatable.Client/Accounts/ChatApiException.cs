namespace Chatable.Client;

/// <summary>A request was answered, and not with what was asked for.</summary>
public sealed class ChatApiException : Exception
{
    /// <summary>A Chatable server has answered with an error.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">
    /// What it is: <c>User error</c>, <c>Form error</c>, <c>Authentication error</c> … of v1, or the <c>code</c> of v2's problem details.
    /// </param>
    /// <param name="errors">What is wrong, by field; <c>error</c> where it is no field's fault.</param>
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

    /// <summary>What kind of error it is.</summary>
    public string Code { get; }

    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyDictionary<string, string> Errors { get; }

    /// <summary>
    /// Whether a Chatable server said so. Where not, something between here and there has answered in its place, such as a gateway or a
    /// login page: the same request may succeed later.
    /// </summary>
    public bool IsFromServer { get; }

    /// <summary>How an answer begins that is none of a Chatable server; long words are cut, so that it holds no secrets.</summary>
    public string BodyStart { get; } = "";
}
