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
            .WithSummary("Reads one's log on from a cursor, or waits for it to grow.")
            .WithDescription("Store the messages and the last `seq` of them, or `head` where there are none and `since` was not given; "
                + "that is the next `since`. `reset: true` means that the cursor cannot be honoured: load the conversations anew and "
                + "go on from `head` and `epoch`.")
            .Produces<SyncedLog>()
            .ProducesProblems(400, 401)
            .WithV2Examples(answer: Example)
            .WithQuery("since", "The last `seq` stored; 0 for everything, without it from now on.")
            .WithQuery("epoch", "The `epoch` of that `seq`; needed for a `since` above 0.", JsonSchemaType.String)
            .WithQuery("limit", "1 to 500 messages, 100 by default.")
            .WithQuery("wait", "0 to 25 seconds to wait for a message while there is none, 0 by default. The answer may come earlier; "
                + "it is a 401 where the token ends meanwhile.");

    private static async Task<IResult> Sync(
        string? since, string? epoch, string? limit, string? wait, ClaimsPrincipal user, LogSync log, CancellationToken cancellationToken)
    {
        var numbers = new QueryNumbers();
        return SyncCursor.Read(since, epoch, limit, wait, numbers) is { } cursor
            ? await log.ReadAsync(user.Authenticated(), cursor, cancellationToken)
            : numbers.Problem!;
    }
}
