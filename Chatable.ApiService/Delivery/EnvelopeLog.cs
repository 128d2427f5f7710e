using Chatable.Messaging.Envelopes;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Reads users' logs for all connections of this server, with limited concurrency: many connections that recover at once must not take
/// every database connection.
/// </summary>
internal sealed partial class EnvelopeLog(EnvelopeStore store, IOptions<DeliveryOptions> options, ILogger<EnvelopeLog> logger) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(options.Value.ConcurrentReads);

    public async Task<LogPage> ReadAsync(long user, Guid known, long after, int limit, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            return await store.ReadAsync(user, known, after, limit, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogReadFailed(exception, user, after);
            throw;
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    [LoggerMessage(LogLevel.Warning, "The log of user {UserId} could not be read after {After}.")]
    private partial void LogReadFailed(Exception exception, long userId, long after);
}
