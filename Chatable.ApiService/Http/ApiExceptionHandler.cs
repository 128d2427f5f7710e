using Chatable.Messaging.Tokens;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Chatable.ApiService.Http;

/// <summary>Turns an exception of a request into the API's error response, which reveals nothing of the cause. Logs the cause.</summary>
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
            // Another replica has the key, and this one should have it soon.
            EncryptionKeyMissingException => ApiFailure.Unavailable,
            // The database is restarting, failing over or out of connections, so a retry can succeed.
            NpgsqlException { IsTransient: true } => ApiFailure.Unavailable,
            // The migration has not run yet. The readiness check reports this, too.
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
            // The client has disconnected.
        }

        return true;
    }

    // This exception can come before the request counts as aborted.
    private static bool IsClientGone(Exception exception) => exception is IOException and not BadHttpRequestException;

    [LoggerMessage(LogLevel.Error, "{Method} {Endpoint} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string method, string? endpoint);
}

/// <summary>A bounded queue is full. The request is refused, and a later retry can succeed.</summary>
internal sealed class ServiceBusyException(string queue) : Exception($"{queue} is full");
