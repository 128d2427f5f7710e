using System.Globalization;

namespace Chatable.ApiService.Http;

/// <summary>
/// An error response of <c>/api/v2</c> (RFC 9457): the catalogue of v2's failures. A code identifies one kind of failure forever; texts may
/// change.
/// </summary>
internal sealed class Problem : IResult
{
    public const string MediaType = "application/problem+json";

    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    private Problem(int status, string code, string title, string? detail = null, IReadOnlyDictionary<string, string>? errors = null) =>
        Body = new ProblemBody($"urn:chatable:problem:{code}", title, status, detail, code, errors);

    public ProblemBody Body { get; }

    public static Problem Unauthenticated { get; } =
        new(StatusCodes.Status401Unauthorized, "unauthenticated", "The request has no valid token.");

    /// <summary>Also returned for an unknown access key: only its owner may learn whether a key exists.</summary>
    public static Problem BadSignature { get; } =
        new(StatusCodes.Status401Unauthorized, "bad_signature", "The token is not signed with the secret of an access key.");

    public static Problem TokenExpired { get; } =
        new(StatusCodes.Status401Unauthorized, "token_expired", "The token, or its access key, has expired.");

    public static Problem TokenNotYetValid { get; } =
        new(StatusCodes.Status401Unauthorized, "token_not_yet_valid", "The token is not valid yet.");

    public static Problem ExpirationRequired { get; } =
        new(StatusCodes.Status401Unauthorized, "expiration_required", "The token has no expiration.");

    public static Problem TokenRevoked { get; } =
        new(StatusCodes.Status401Unauthorized, "revoked", "The access key was exchanged, or ended by a logout.");

    public static Problem Forbidden { get; } = new(StatusCodes.Status403Forbidden, "forbidden", "That is not for you to do.");

    public static Problem NotFound { get; } = new(StatusCodes.Status404NotFound, "not_found", "There is nothing here for you.");

    public static Problem MethodNotAllowed { get; } =
        new(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This path does not know the method.");

    /// <summary>Names the fields that another user already has.</summary>
    public static Problem NotUnique(IReadOnlyDictionary<string, string> errors) =>
        new(StatusCodes.Status409Conflict, "not_unique", "Some fields are not unique.", errors: errors);

    public static Problem TooLarge { get; } = new(StatusCodes.Status413PayloadTooLarge, "too_large", "The body is too large.");

    public static Problem Unsupported { get; } =
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported", "The body must be application/json, in UTF-8.");

    public static Problem Internal { get; } =
        new(StatusCodes.Status500InternalServerError, "internal", "The server failed.");

    public static Problem Unavailable { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The service cannot do that now. Try again later.");

    public static Problem Busy { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "busy", "The service is busy. Try again later.");

    public static Problem RateLimited { get; } =
        new(StatusCodes.Status429TooManyRequests, "rate_limited", "You send too fast. Slow down.");

    /// <summary>It is not yet known whether the message is stored.</summary>
    public static Problem FateUnknown { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", Unavailable.Body.Title, "Send it again with the same key.");

    /// <summary>The message waits in the intake, and no live worker can store it.</summary>
    public static Problem NoWorker { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "no_worker", "The message is taken, but nobody stores messages now.",
            "It is stored once somebody does. Send it again with the same key to learn when.");

    public static Problem UnknownRecipient { get; } =
        new(StatusCodes.Status400BadRequest, "unknown_recipient", "There is no such recipient.",
            errors: new Dictionary<string, string> { ["recipient"] = "is nobody's username" });

    public static Problem AnotherAuthor { get; } =
        new(StatusCodes.Status403Forbidden, "forbidden", "The author is not the user of the token.",
            errors: new Dictionary<string, string> { ["author"] = "is somebody else" });

    public static Problem MessageTooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "too_large", "The message is too large.",
            errors: new Dictionary<string, string> { ["message"] = "is too long" });

    public static Problem MessageEmpty { get; } =
        new(StatusCodes.Status400BadRequest, "empty", "The message shows nothing.",
            errors: new Dictionary<string, string> { ["message"] = "is empty" });

    public static Problem KeyReused { get; } =
        new(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused", "The key names another message of yours.",
            detail: "Nothing was stored. Send it with a key of its own.",
            errors: new Dictionary<string, string> { ["Idempotency-Key"] = "was used for another message" });

    /// <summary>The faults by field; <c>body</c> if no field is at fault.</summary>
    public static Problem Invalid(IReadOnlyDictionary<string, string> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid", "The request is not valid.", errors: errors);

    /// <summary>Returns the problem for a bare status.</summary>
    public static Problem ForStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Unauthenticated,
        StatusCodes.Status403Forbidden => Forbidden,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
        StatusCodes.Status409Conflict => NotUnique(new Dictionary<string, string> { ["username"] = "is taken" }),
        StatusCodes.Status413PayloadTooLarge => TooLarge,
        StatusCodes.Status415UnsupportedMediaType => Unsupported,
        StatusCodes.Status422UnprocessableEntity => KeyReused,
        StatusCodes.Status429TooManyRequests => RateLimited,
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 400 and < 500 => new(status, "invalid", "The request is not valid."),
        _ => Internal,
    };

    /// <summary>Whether failures under this path are problems.</summary>
    public static bool AppliesTo(PathString path) => path.StartsWithSegments("/api/v2");

    /// <summary>
    /// The header of a 401 (RFC 6750, 3). It names the reason, too, because a WebSocket client sees only the headers of a refused
    /// handshake.
    /// </summary>
    public string Challenge => this == Unauthenticated
        ? "Bearer"
        : $"Bearer error=\"invalid_token\", error_description=\"{Body.Code}\"";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Body.Status;
        if (Body.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = Challenge;
        if (Body.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            response.Headers.RetryAfter = s_retryAfter.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(Body, options: null, MediaType, httpContext.RequestAborted);
    }
}
