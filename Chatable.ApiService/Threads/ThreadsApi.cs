using System.ComponentModel;
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

    private const string InboxExample =
        """{"author_username":"bob","created_at":"2015-09-02T15:49:02.996617Z","latest_message":"hello","with_username":"bob"}""";

    private const string ThreadExample =
        """{"author":"bob","created_at":"2015-09-02T15:49:02.994339Z","message":"hello","message_type":0,"recipient":"alice"}""";

    public static void AddThreads(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ConversationReader>();
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ThreadsJson.Default));
    }

    public static void MapThreads(this WebApplication app)
    {
        var group = app.MapGroup("/api").WithTags("Threads").RequireAuthorization();
        group.MapGet("/inbox", Inbox).ProducesFailures(401)
            .WithSummary("Lists one's conversations, the latest first.")
            .WithExamples(item: InboxExample);
        group.MapGet("/thread/{username}", Thread).ProducesFailures(400, 401)
            .WithSummary("Lists the messages between oneself and another user, the latest first.")
            .WithExamples(item: ThreadExample, fault: UnknownUsername);
    }

    private static async Task<Ok<ApiEnvelope<InboxItem>>> Inbox(
        string? page, ClaimsPrincipal user, ConversationReader conversations, CancellationToken cancellationToken)
    {
        var number = PageNumber.Parse(page);
        var self = user.Authenticated();
        var rows = await conversations.InboxAsync(self.UserId, number.Range, cancellationToken);
        InboxItem[] items =
        [
            .. rows.Select(row =>
                new InboxItem(row.IsOwn ? self.Username : row.WithUsername, row.CreatedAt, row.LatestMessage, row.WithUsername)),
        ];
        return TypedResults.Ok(ApiEnvelope.Success(items, number));
    }

    private static async Task<Results<Ok<ApiEnvelope<ThreadItem>>, ApiFailure>> Thread(
        [Description("The other one, in any letter case; one's own name shows the notes to oneself.")] string username,
        string? page, ClaimsPrincipal user, UserDirectory directory, ConversationReader conversations, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(username, cancellationToken) is not { } other)
            return ApiFailure.UserError(UnknownUsername);

        var self = user.Authenticated();
        var number = PageNumber.Parse(page);
        var rows = await conversations.ThreadAsync(self.UserId, other.Id, number.Range, cancellationToken);
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
}
