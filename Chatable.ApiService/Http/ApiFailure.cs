using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Chatable.ApiService.Http;

/// <summary>An error response: the catalogue of v1's errors. Its texts are part of the interface.</summary>
internal sealed class ApiFailure : IResult
{
    private readonly ApiEnvelope<NoItem> _envelope;

    private ApiFailure(int status, string message, IReadOnlyDictionary<string, string> errors) =>
        _envelope = ApiEnvelope.Failure(new ApiError(status, errors, message));

    private ApiFailure(int status, string message, string error)
        : this(status, message, new Dictionary<string, string> { ["error"] = error })
    {
    }

    public int Status => Error.Code;

    public ApiError Error => _envelope.Error;

    /// <summary>How long to wait before a retry, if a retry can help.</summary>
    private TimeSpan? RetryAfter { get; init; }

    /// <summary>The same for an unknown user and a wrong password, and for a token that never existed and one that has ended.</summary>
    public static ApiFailure Unauthenticated { get; } =
        new(StatusCodes.Status401Unauthorized, "Authentication error", "Unauthenticated");

    public static ApiFailure NotFound { get; } = new(StatusCodes.Status404NotFound, "Not found", "not found");

    public static ApiFailure MethodNotAllowed { get; } =
        new(StatusCodes.Status405MethodNotAllowed, "Method not allowed", "method not allowed");

    public static ApiFailure TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "User error", "the body is too large");

    public static ApiFailure UnsupportedMediaType { get; } = new(StatusCodes.Status415UnsupportedMediaType, "User error",
        "the body must be application/x-www-form-urlencoded or application/json, in UTF-8");

    public static ApiFailure Internal { get; } =
        new(StatusCodes.Status500InternalServerError, "Internal server error", "internal server error");

    public static ApiFailure Unavailable { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "Service unavailable", "please try again later")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static ApiFailure UserError(string error) => new(StatusCodes.Status400BadRequest, "User error", error);

    public static ApiFailure UserError(IReadOnlyDictionary<string, string> errors) =>
        new(StatusCodes.Status400BadRequest, "User error", errors);

    public static ApiFailure FormError(IReadOnlyDictionary<string, string> errors) =>
        new(StatusCodes.Status400BadRequest, "Form error", errors);

    /// <summary>Returns the failure for a bare status.</summary>
    public static ApiFailure ForStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Unauthenticated,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => TooLarge,
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 400 and < 500 => new(status, "User error", "bad request"),
        _ => Internal,
    };

    /// <summary>Failures outside an endpoint take the form of the version in the path.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (Problem.AppliesTo(httpContext.Request.Path))
            return Problem.ForStatus(Status).ExecuteAsync(httpContext);

        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Status == StatusCodes.Status401Unauthorized)
            response.Headers.TryAdd(HeaderNames.WWWAuthenticate, "Bearer");
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(_envelope, httpContext.RequestAborted);
    }
}
