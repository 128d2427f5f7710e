using System.Runtime.ExceptionServices;
using Chatable.ApiService.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace Chatable.ApiService.Auth;

/// <summary>
/// Marks an endpoint whose requests may carry the token as <c>access_token</c> in the query, because browsers cannot set headers on a
/// WebSocket handshake.
/// </summary>
internal sealed class TokenInQuery
{
    public static TokenInQuery Allowed { get; } = new();
}

/// <summary>Defines where the token is read from, and the response without a valid one.</summary>
internal static class BearerEvents
{
    public static JwtBearerEvents Create() => new()
    {
        OnMessageReceived = TakeFromQuery,
        OnAuthenticationFailed = ThrowOnLookupFailure,
        OnChallenge = Challenge,
    };

    private static Task TakeFromQuery(MessageReceivedContext context)
    {
        var request = context.Request;
        if (context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TokenInQuery>() is not null && request.Headers.Authorization.Count == 0)
            context.Token = request.Query["access_token"];
        return Task.CompletedTask;
    }

    private static Task ThrowOnLookupFailure(AuthenticationFailedContext context)
    {
        if (context.Exception is AccessKeyLookupException { InnerException: { } cause })
            ExceptionDispatchInfo.Throw(cause);
        return Task.CompletedTask;
    }

    // The body of a v1 response stays as it always was. The header names the reason.
    private static Task Challenge(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        var problem = (context.AuthenticateFailure as TokenRefusedException)?.Problem ?? Problem.Unauthenticated;
        if (Problem.AppliesTo(context.Request.Path))
            return problem.ExecuteAsync(context.HttpContext);

        context.Response.Headers.WWWAuthenticate = problem.Challenge;
        return ApiFailure.Unauthenticated.ExecuteAsync(context.HttpContext);
    }
}
