using System.Globalization;
using System.Security.Claims;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.ServiceDefaults;

namespace Chatable.ApiService.Messages;

internal static class MessagesApi
{
    private const string BodyExample = """{"recipient":"alice","message":"hello","message_type":0}""";

    private const string SentExample = """
        {"client_id":"0191b2c4-6f1e-7c3a-9d55-0a1b2c3d4e5f","message_id":"0191b2c4-7a01-7b20-8f3e-112233445566","seq":7,
         "conversation":3,"conversation_seq":2,"created_at":"2015-09-03T03:13:12.817650Z"}
        """;

    public static void AddMessages(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<MessagesOptions, MessagesOptionsValidator>(MessagesOptions.Section);
        builder.Services.AddSingleton<MessageLookup>();
        builder.Services.AddSingleton<MessageMetrics>();
        builder.Services.AddSingleton<MessageSender>();
        builder.Services.AddSingleton<SendBudgets>();
        builder.Services.AddSingleton<SendWaiters>();
        builder.Services.AddSingleton<IDispatchHandler>(services => services.GetRequiredService<SendWaiters>());
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, MessagesJson.Default));
    }

    public static void MapMessages(this WebApplication app) =>
        app.MapV2("/messages", "Messages").MapPost("", Send)
            .WithSummary("Sends a message. The response comes after the message is stored.")
            .WithDescription("An `Idempotency-Key` identifies one message for ever. If you send the same body again with the same key, the "
                + "response is 200 with what was stored first. With another body it is 422 (`idempotency_key_reused`). After a 503, send "
                + "the message again with the same key. The author is the user of the token. If the body has an `author`, it must be that "
                + "user.")
            .Produces<SentMessage>(StatusCodes.Status201Created).Produces<SentMessage>()
            .ProducesProblems(400, 401, 403, 413, 415, 422, 429)
            .WithV2Examples(answer: SentExample, body: BodyExample)
            .WithHeader(
                SendRequest.KeyHeader,
                "1 to 64 characters of A-Z, a-z, 0-9, _ and -, with or without quotes around them. A UUIDv7 is a good choice.");

    private static async Task<IResult> Send(
        SendRequest request, HttpRequest http, ClaimsPrincipal user, MessageSender sender, Draining draining, MessageMetrics metrics,
        CancellationToken cancellationToken)
    {
        var author = user.Authenticated();
        var (sent, problem) = request.Problem is { } wrong ? (null, wrong)
            : !author.Is(request.Message.Author) ? (null, Problem.AnotherAuthor)
            : draining.IsDraining ? (null, Problem.Unavailable)
            : await sender.SendAsync(author, request.Key, request.Message, cancellationToken);
        metrics.Answered(problem?.Body.Code ?? (sent!.Duplicate is true ? "duplicate" : "created"));
        if (problem is not null)
            return problem;
        return sent!.Duplicate is true ? TypedResults.Ok(sent) : TypedResults.Created(http.LinkTo(LocationOf(sent)), sent);
    }

    private static string LocationOf(SentMessage sent) => string.Create(
        CultureInfo.InvariantCulture, $"/api/v2/conversations/{sent.Conversation}/messages?around={sent.ConversationSeq}");
}
