using Chatable.Messaging.Tokens;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Chatable.ApiService.Http;

/// <summary>Turns what a request ended in into the API's failure, without a word of the cause; the cause goes to the log.</summary>
internal sealed partial class ApiExceptionHandler(ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested || IsClientGone(exception))
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var failure = exception switch
        {
            BadHttpRequestException bad => ApiFailure.ForStatus(bad.StatusCode),
            ServiceBusyException => ApiFailure.Unavailable,
            // Another replica can read it, and soon this one, too.
            EncryptionKeyMissingException => ApiFailure.Unavailable,
            // A database that restarts, fails over or is out of connections is worth another try.
            NpgsqlException { IsTransient: true } => ApiFailure.Unavailable,
            // The migration has not run yet; readiness says so, too.
            PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } => ApiFailure.Unavailable,
            _ => ApiFailure.Internal,
        };
        if (failure.Status >= StatusCodes.Status500InternalServerError && exception is not ServiceBusyException)
            LogFailed(logger, exception, httpContext.Request.Method, httpContext.GetEndpoint()?.DisplayName);

        try
        {
            await failure.ExecuteAsync(httpContext);
        }
        catch (OperationCanceledException) when (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }

        return true;
    }

    // It shows before the request counts as aborted.
    private static bool IsClientGone(Exception exception) => exception is IOException and not BadHttpRequestException;

    [LoggerMessage(LogLevel.Error, "{Method} {Endpoint} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string method, string? endpoint);
}

/// <summary>A bounded queue is full: the request is refused and may come again a little later.</summary>
internal sealed class ServiceBusyException(string queue) : Exception($"{queue} is full");
