using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging.Conversations;
using Chatable.Messaging.Users;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chatable.ApiService.Threads;

internal static class ThreadsApi
{
    private const string UnknownUsername = "unknown username";

    private const string Pages =
        "Pages count from the newest row. If messages arrive between two requests, a row may come twice or not at all. "
        + "To miss nothing, follow the response header `Link: <…?before=…>; rel=\"next\"`. It continues by position, not by page number.";

    private const string InboxExample =
        """{"author_username":"bob","created_at":"2015-09-02T15:49:02.996617Z","latest_message":"hello","with_username":"bob"}""";

    private const string ThreadExample =
        """{"author":"bob","created_at":"2015-09-02T15:49:02.994339Z","message":"hello","message_type":0,"recipient":"alice"}""";

    private static ApiFailure NoPlace { get; } =
        ApiFailure.FormError(new Dictionary<string, string> { ["before"] = "is no place of this list" });

    public static void AddThreads(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ConversationReader>();
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ThreadsJson.Default));
    }

    public static void MapThreads(this WebApplication app)
    {
        var group = app.MapGroup("/api").WithTags("Threads").RequireAuthorization();
        group.MapGet("/inbox", Inbox).ProducesFailures(400, 401)
            .WithSummary("Lists your conversations, latest activity first.")
            .WithDescription(Pages)
            .WithExamples(item: InboxExample);
        group.MapGet("/thread/{username}", Thread).ProducesFailures(400, 401)
            .WithSummary("Lists the messages between you and another user, latest first.")
            .WithDescription(Pages)
            .WithExamples(item: ThreadExample, fault: ApiFailure.UserError(UnknownUsername));
    }

    private static async Task<Results<Ok<ApiEnvelope<InboxItem>>, ApiFailure>> Inbox(
        string? page,
        [Description("Use instead of `page`: the value of `before` in the `next` link of a response's `Link` header.")] string? before,
        HttpResponse response, ClaimsPrincipal user, ConversationReader conversations, ConversationHistory history,
        CancellationToken cancellationToken)
    {
        InboxWalk? walk = null;
        if (before is not null && !InboxWalk.TryParse(before, out walk))
            return NoPlace;

        // The first page begins a walk, and is the same with either kind of paging.
        var number = before is null ? PageNumber.Parse(page) : PageNumber.First;
        var self = user.Authenticated();
        if (number != PageNumber.First)
        {
            var rows = await conversations.InboxAsync(self.UserId, number.Range, cancellationToken);
            return TypedResults.Ok(ApiEnvelope.Success<InboxItem>([.. rows.Select(row =>
                new InboxItem(row.IsOwn ? self.Username : row.WithUsername, row.CreatedAt, row.LatestMessage, row.WithUsername))], number));
        }

        var step = await history.WalkAsync(self.UserId, walk, PageNumber.PerPage, cancellationToken);
        if (step.Next is { } next)
            LinkNext(response, $"/api/inbox?before={next.ToText()}");
        return TypedResults.Ok(ApiEnvelope.Success<InboxItem>([.. step.Rows.Select(row => new InboxItem(
            row.LastMessage.AuthorId == self.UserId ? self.Username : row.With, row.LastMessage.CreatedAt, row.LastMessage.Message,
            row.With))]));
    }

    private static async Task<Results<Ok<ApiEnvelope<ThreadItem>>, ApiFailure>> Thread(
        [Description("The other user's name, in any letter case. Your own name shows your notes to yourself.")] string username,
        string? page,
        [Description("Use instead of `page`: the value of `before` in the `next` link of a response's `Link` header.")] string? before,
        HttpResponse response, ClaimsPrincipal user, UserDirectory directory, ConversationReader conversations,
        CancellationToken cancellationToken)
    {
        long seq = 0;
        if (before is not null && !(long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out seq) && seq > 0))
            return NoPlace;
        if (await directory.FindAsync(username, cancellationToken) is not { } other)
            return ApiFailure.UserError(UnknownUsername);

        var self = user.Authenticated();
        var number = before is null ? PageNumber.Parse(page) : PageNumber.First;
        var rows = before is null
            ? await conversations.ThreadAsync(self.UserId, other.Id, number.Range, cancellationToken)
            : await conversations.ThreadBeforeAsync(self.UserId, other.Id, seq, PageNumber.PerPage, cancellationToken);
        if (rows is [.., { Seq: > 1 } last])
            LinkNext(response, string.Create(CultureInfo.InvariantCulture, $"/api/thread/{other.Username}?before={last.Seq}"));
        ThreadItem[] items =
        [
            .. rows.Select(row =>
            {
                var (author, recipient) = row.AuthorId == self.UserId ? (self.Username, other.Username) : (other.Username, self.Username);
                return new ThreadItem(author, row.CreatedAt, row.Message, row.MessageType, recipient);
            }),
        ];
        return TypedResults.Ok(ApiEnvelope.Success(items, number));
    }

    private static void LinkNext(HttpResponse response, string path) =>
        response.Headers.Link = $"<{response.HttpContext.Request.LinkTo(path)}>; rel=\"next\"";
}
