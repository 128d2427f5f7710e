namespace Chatable.ApiService.Http;

/// <summary>What every answer of v1 is wrapped in.</summary>
/// <param name="Status"><c>success</c> or <c>fail</c>.</param>
/// <param name="Data">The items; none on failure.</param>
/// <param name="Error">What is wrong, or that nothing is.</param>
/// <param name="Page">The page asked for, from 1.</param>
/// <param name="PerPage">The most items a page has.</param>
/// <param name="CurrentPage">The number of items in <c>data</c>; the name is the original's.</param>
internal sealed record ApiEnvelope<T>(
    string Status, IReadOnlyList<T> Data, ApiError Error, long Page, int PerPage, int CurrentPage);

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
        new("success", data, ApiError.None, (page ?? PageNumber.First).Value, PageNumber.PerPage, data.Count);

    public static ApiEnvelope<NoItem> Failure(ApiError error) => new("fail", [], error, PageNumber.First.Value, PageNumber.PerPage, 0);
}
