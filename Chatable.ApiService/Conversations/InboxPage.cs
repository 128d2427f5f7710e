using System.Globalization;
using Chatable.ApiService.Auth;
using Chatable.Messaging.Conversations;

namespace Chatable.ApiService.Conversations;

/// <summary>Makes a page of the inbox from what was found, and the links to its neighbours.</summary>
internal static class InboxPage
{
    /// <param name="found">Latest first, one more than <paramref name="limit"/> where there is one in the direction of the walk.</param>
    /// <param name="limit">The most rows of the page.</param>
    /// <param name="hasOlder">Whether the walk came from older ones, which are therefore there; towards newer ones it goes then.</param>
    /// <param name="hasNewer">Whether it came from newer ones.</param>
    /// <param name="reader">Whose inbox it is.</param>
    public static ConversationPage Of(
        IReadOnlyList<ConversationRow> found, int limit, bool hasOlder, bool hasNewer, AuthenticatedUser reader)
    {
        var goesOn = found.Count > limit;
        var page = !goesOn ? found : hasOlder ? [.. found.Skip(1)] : [.. found.Take(limit)];
        if (page.Count == 0)
            return new ConversationPage([], null, null);

        return new ConversationPage(
            [.. page.Select(row => ConversationItem.From(row, reader.UserId, reader.Username))],
            hasOlder || goesOn ? Link("before", page[^1], limit) : null,
            hasNewer || hasOlder && goesOn ? Link("after", page[0], limit) : null);
    }

    private static string Link(string direction, ConversationRow row, int limit) => string.Create(
        CultureInfo.InvariantCulture, $"/api/v2/conversations?{direction}={InboxCursor.ToText(row.Place)}&limit={limit}");
}
