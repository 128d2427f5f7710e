using System.Security.Claims;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.Messaging;
using Chatable.Messaging.Wire;
using Microsoft.OpenApi;

namespace Chatable.ApiService.Sync;

internal static class SyncApi
{
    private const string Example = """
        {"epoch":"6f1c0a52-6d0b-4f0e-9a57-2f8f5a0c1d3e","head":7,"messages":[
         {"type":"message","seq":7,"message_id":"0191b2c4-7a01-7b20-8f3e-112233445566","conversation":3,"conversation_seq":2,
          "author":"bob","recipient":"alice","message":"hello","message_type":0,"created_at":"2015-09-03T03:13:12.817650Z"}],
         "has_more":false}
        """;

    public static void AddSync(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<SyncOptions, SyncOptionsValidator>(SyncOptions.Section);
        builder.Services.AddSingleton<SyncMetrics>();
        builder.Services.AddSingleton<LogPolls>();
        builder.Services.AddSingleton<ITokenUses>(services => services.GetRequiredService<LogPolls>());
        builder.Services.AddSingleton<LogSync>();
        builder.Services.AddSingleton<LogSignals>();
        builder.Services.AddSingleton<IDispatchHandler>(services => services.GetRequiredService<LogSignals>());
        builder.Services.ConfigureHttpJsonOptions(options =>
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, SyncJson.Default));
    }

    public static void MapSync(this WebApplication app) =>
        app.MapV2("/sync", "Sync").MapGet("", Sync)
            .WithSummary("Reads your log after a cursor, or waits until the log grows.")
            .WithDescription("Store the messages and the last `seq` among them: it is your next `since`. If you sent no `since` and got "
                + "no messages, your next `since` is `head`. `reset: true` means that the server cannot continue from your cursor: load "
                + "the conversations again and continue from `head` and `epoch`.")
            .Produces<SyncedLog>()
            .ProducesProblems(400, 401)
            .WithV2Examples(answer: Example)
            .WithQuery("since", "The last `seq` that you stored. 0 means everything. Without `since`, the log begins now.")
            .WithQuery("epoch", "The `epoch` of that `seq`. Needed if `since` is above 0.", JsonSchemaType.String)
            .WithQuery("limit", "The most messages to return: 1 to 500, 100 by default.")
            .WithQuery("wait", "How many seconds to wait if there is no message: 0 to 25, 0 by default. The response may come "
                + "earlier. If the token ends during the wait, the response is 401.");

    private static async Task<IResult> Sync(
        string? since, string? epoch, string? limit, string? wait, ClaimsPrincipal user, LogSync log, CancellationToken cancellationToken)
    {
        var numbers = new QueryNumbers();
        return SyncCursor.Read(since, epoch, limit, wait, numbers) is { } cursor
            ? await log.ReadAsync(user.Authenticated(), cursor, cancellationToken)
            : numbers.Problem!;
    }
}
