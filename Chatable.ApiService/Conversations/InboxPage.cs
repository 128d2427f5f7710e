using System.Globalization;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Conversations;

/// <summary>Creates a page of the inbox from the rows found, with links to its neighbours.</summary>
internal static class InboxPage
{
    /// <param name="step">The rows found.</param>
    /// <param name="from">The previous position of the walk. Null at its beginning.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="reader">The user whose inbox it is.</param>
    /// <param name="request">The request, for the links.</param>
    public static ConversationPage Of(InboxStep step, InboxWalk? from, int limit, AuthenticatedUser reader, HttpRequest request) => Make(
        step.Rows, step.Next, from is InboxWalk.Older && step.Rows.Count > 0 ? step.Rows[0].Place : null, limit, reader, request);

    /// <summary>
    /// Creates a page towards the newer conversations. Older ones certainly exist, and the link back to them begins a new walk.
    /// </summary>
    /// <param name="found">The rows, latest first, one more than <paramref name="limit"/> if another page follows.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="reader">The user whose inbox it is.</param>
    /// <param name="request">The request, for the links.</param>
    public static ConversationPage Newer(InboxSlice found, int limit, AuthenticatedUser reader, HttpRequest request)
    {
        var goesOn = found.Rows.Count > limit;
        var rows = goesOn ? [.. found.Rows.Skip(1)] : found.Rows;
        return rows.Count == 0
            ? new ConversationPage([], null, null)
            : Make(rows, new InboxWalk.Older(rows[^1].Place, found.Head), goesOn ? rows[0].Place : null, limit, reader, request);
    }

    private static ConversationPage Make(
        IReadOnlyList<ConversationRow> rows, InboxWalk? next, InboxPlace? prev, int limit, AuthenticatedUser reader, HttpRequest request) =>
        new(
            [.. rows.Select(row => ConversationItem.From(row, reader.UserId, reader.Username))],
            next is null ? null : Link(request, "before", next.ToText(), limit),
            prev is { } place ? Link(request, "after", InboxCursor.ToText(place), limit) : null);

    private static string Link(HttpRequest request, string direction, string cursor, int limit) => request.LinkTo(string.Create(
        CultureInfo.InvariantCulture, $"/api/v2/conversations?{direction}={cursor}&limit={limit}"));
}
