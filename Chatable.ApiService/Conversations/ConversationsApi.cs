using System.Globalization;
using System.Security.Claims;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging.Conversations;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Conversations;

internal static class ConversationsApi
{
    private const int MostOfAPage = 200;
    private const int DefaultLimit = 50;

    private const string PageExample = """
        {"conversations":[{"id":3,"kind":"direct","with":"alice","last_seq":2,"last_message":{
          "message_id":"0191b2c4-7a01-7b20-8f3e-112233445566","conversation_seq":2,"author":"bob","message":"hello","message_type":0,
          "created_at":"2015-09-03T03:13:12.817650Z"},"last_activity_at":"2015-09-03T03:13:12.817650Z"}],
         "next":"/api/v2/conversations?before=AQAFHtJjL1wKAAAAAAAAAAM&limit=50","prev":null}
        """;

    private const string MessagesExample = """
        {"messages":[{"message_id":"0191b2c4-7a01-7b20-8f3e-112233445566","conversation":3,"conversation_seq":2,"author":"bob",
          "recipient":"alice","message":"hello","message_type":0,"created_at":"2015-09-03T03:13:12.817650Z","client_id":"c1"}],
         "next":null,"prev":"/api/v2/conversations/3/messages?before=2&limit=50"}
        """;

    public static void AddConversations(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ConversationHistory>();
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ConversationsJson.Default));
    }

    public static void MapConversations(this WebApplication app)
    {
        var group = app.MapV2("/conversations", "Conversations");
        group.MapGet("", Inbox)
            .WithSummary("Lists your conversations, latest activity first.")
            .WithDescription("If you follow `next`, you see every conversation that existed when you started, even if messages arrive "
                + "meanwhile. Conversations that get a message meanwhile come at the end, some of them a second time.")
            .Produces<ConversationPage>().ProducesProblems(400, 401).WithV2Examples(answer: PageExample)
            .WithQuery("limit", $"The most rows to return: 1 to {MostOfAPage}, {DefaultLimit} by default.")
            .WithQuery("before", "The cursor from a `next` link. Returns older conversations.", JsonSchemaType.String)
            .WithQuery("after", "The cursor from a `prev` link. Returns newer conversations.", JsonSchemaType.String);
        group.MapGet("/{id}/messages", Messages)
            .WithSummary("Lists the messages of a conversation in the order of `conversation_seq`, by default the latest ones.")
            .Produces<MessagePage>().ProducesProblems(400, 401, 404).WithV2Examples(answer: MessagesExample)
            .WithQuery("limit", $"The most rows to return: 1 to {MostOfAPage}, {DefaultLimit} by default.")
            .WithQuery(
                "before", "Returns the messages directly before this `conversation_seq`. Use at most one of before, after, around and at.")
            .WithQuery("after", "Returns the messages directly after this `conversation_seq`.")
            .WithQuery("around", "Returns messages with this `conversation_seq` in the middle.")
            .WithQuery(
                "at", "Jumps to a time: returns the messages from the first one that is not older. If all are older, returns the latest. "
                    + $"RFC 3339, or a date, which is its midnight in UTC.", JsonSchemaType.String);
    }

    private static async Task<IResult> Inbox(
        string? limit, string? before, string? after, HttpRequest request, ClaimsPrincipal user, ConversationHistory history,
        CancellationToken cancellationToken)
    {
        var query = new QueryNumbers();
        var rows = (int)(query.Read("limit", limit, 1, MostOfAPage) ?? DefaultLimit);
        var (walk, newer) = (ReadWalk(before, query), ReadCursor("after", after, query));
        if (before is not null && after is not null)
            query.Add("after", "cannot be combined with before");
        if (query.Problem is { } problem)
            return problem;

        // Towards the newer ones, reads one row more than the page, to learn whether another page follows.
        var self = user.Authenticated();
        return TypedResults.Ok(newer is { } place
            ? InboxPage.Newer(await history.NewerAsync(self.UserId, place, rows + 1, cancellationToken), rows, self, request)
            : InboxPage.Of(await history.WalkAsync(self.UserId, walk, rows, cancellationToken), walk, rows, self, request));
    }

    private static InboxWalk? ReadWalk(string? text, QueryNumbers query)
    {
        if (text is null)
            return null;
        if (InboxWalk.TryParse(text, out var walk))
            return walk;
        query.Add("before", "is no cursor of this API");
        return null;
    }

    private static InboxPlace? ReadCursor(string name, string? text, QueryNumbers query)
    {
        if (text is null)
            return null;
        if (InboxCursor.TryParse(text, out var place))
            return place;
        query.Add(name, "is no cursor of this API");
        return null;
    }

    private static async Task<IResult> Messages(
        string id, string? limit, string? before, string? after, string? around, string? at, HttpRequest request,
        ClaimsPrincipal user, ConversationHistory history, CancellationToken cancellationToken)
    {
        var query = new QueryNumbers();
        var rows = (int)(query.Read("limit", limit, 1, MostOfAPage) ?? DefaultLimit);
        var (earlier, later, middle) = (
            query.Read("before", before, 1, long.MaxValue), query.Read("after", after, 0, long.MaxValue),
            query.Read("around", around, 1, long.MaxValue));
        var time = QueryTime.Read("at", at, query);
        if (((string?[])[before, after, around, at]).Count(text => text is not null) > 1)
            query.Add("before", "cannot be combined with after, around or at");
        if (query.Problem is { } problem)
            return problem;

        // Other users must learn neither whose conversation it is nor whether it exists.
        var self = user.Authenticated();
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var conversation)
            || await history.FindAsync(conversation, self.UserId, cancellationToken) is not { } parties)
        {
            return Problem.NotFound;
        }

        if (time is { } moment && await history.LastBeforeAsync(conversation, parties.LastSeq, moment, cancellationToken) is var older
            && older < parties.LastSeq)
        {
            later = older;
        }

        var range = later is { } first ? SeqRange.After(first, rows, parties.LastSeq)
            : middle is { } seq ? SeqRange.Around(seq, rows, parties.LastSeq)
            : SeqRange.Before(earlier, rows, parties.LastSeq);
        var messages = range.IsEmpty ? [] : await history.ReadAsync(conversation, range.From, range.To, cancellationToken);
        return TypedResults.Ok(new MessagePage(
            [.. messages.Select(row => MessageItem.From(row, conversation, parties, self.UserId))],
            range.HasLater ? Link(request, conversation, "after", range.To, rows) : null,
            range.HasEarlier ? Link(request, conversation, "before", range.From, rows) : null));
    }

    private static string Link(HttpRequest request, long conversation, string direction, long seq, int limit) =>
        request.LinkTo(string.Create(
            CultureInfo.InvariantCulture, $"/api/v2/conversations/{conversation}/messages?{direction}={seq}&limit={limit}"));
}
