namespace Chatable.ApiService.Http;

/// <summary>What every answer of v1 is wrapped in.</summary>
internal sealed record ApiEnvelope<T>
{
    /// <summary><c>success</c> or <c>fail</c>.</summary>
    public required string Status { get; init; }

    public required IReadOnlyList<T> Data { get; init; }
    public required ApiError Error { get; init; }

    /// <summary>The page asked for, from 1.</summary>
    public required long Page { get; init; }

    public int PerPage { get; init; } = PageNumber.PerPage;

    /// <summary>The number of items in <see cref="Data"/>; the name is the original's.</summary>
    public int CurrentPage => Data.Count;
}

/// <summary>On success 200, null and an empty message.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Errors">What is wrong, by field; <c>error</c> where it is no field's fault.</param>
/// <param name="Message">The kind of error.</param>
internal sealed record ApiError(int Code, IReadOnlyDictionary<string, string>? Errors, string Message)
{
    public static ApiError None { get; } = new(StatusCodes.Status200OK, null, "");
}

/// <summary>The item of a list that never has one.</summary>
internal sealed record NoItem;

internal static class ApiEnvelope
{
    public static ApiEnvelope<T> Success<T>(IReadOnlyList<T> data, PageNumber? page = null) =>
        new() { Status = "success", Data = data, Error = ApiError.None, Page = (page ?? PageNumber.First).Value };

    public static ApiEnvelope<NoItem> Failure(ApiError error) =>
        new() { Status = "fail", Data = [], Error = error, Page = PageNumber.First.Value };
}
