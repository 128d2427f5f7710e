using System.Globalization;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Conversations;

/// <summary>Makes a page of the inbox from what was found, and the links to its neighbours.</summary>
internal static class InboxPage
{
    /// <param name="step">What was found.</param>
    /// <param name="from">Where the walk was; null at its beginning.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="reader">Whose inbox it is.</param>
    /// <param name="request">How it was asked for.</param>
    public static ConversationPage Of(InboxStep step, InboxWalk? from, int limit, AuthenticatedUser reader, HttpRequest request) => Make(
        step.Rows, step.Next, from is InboxWalk.Older && step.Rows.Count > 0 ? step.Rows[0].Place : null, limit, reader, request);

    /// <summary>A page on the way to the newer ones. Those it came from are there, and to go back to them begins a walk.</summary>
    /// <param name="found">Latest first, one more than <paramref name="limit"/> where there is one.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="reader">Whose inbox it is.</param>
    /// <param name="request">How it was asked for.</param>
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
