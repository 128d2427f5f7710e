namespace Chatable.ApiService.Http;

/// <summary>The wrapper of every v1 response.</summary>
/// <param name="Status"><c>success</c> or <c>fail</c>.</param>
/// <param name="Data">The items; none on failure.</param>
/// <param name="Error">The error. On success its code is 200 and its message is empty.</param>
/// <param name="Page">The requested page, from 1.</param>
/// <param name="PerPage">The maximum number of items on a page.</param>
/// <param name="CurrentPage">The number of items in <c>data</c>. The name is the original service's.</param>
internal sealed record ApiEnvelope<T>(
    string Status, IReadOnlyList<T> Data, ApiError Error, long Page, int PerPage, int CurrentPage);

/// <summary>On success: 200, null and an empty message.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Errors">The faults by field; <c>error</c> if no field is at fault.</param>
/// <param name="Message">The kind of error.</param>
internal sealed record ApiError(int Code, IReadOnlyDictionary<string, string>? Errors, string Message)
{
    public static ApiError None { get; } = new(StatusCodes.Status200OK, null, "");
}

/// <summary>The item type of a list that is always empty.</summary>
internal sealed record NoItem;

internal static class ApiEnvelope
{
    public static ApiEnvelope<T> Success<T>(IReadOnlyList<T> data, PageNumber? page = null) =>
        new("success", data, ApiError.None, (page ?? PageNumber.First).Value, PageNumber.PerPage, data.Count);

    public static ApiEnvelope<NoItem> Failure(ApiError error) => new("fail", [], error, PageNumber.First.Value, PageNumber.PerPage, 0);
}
