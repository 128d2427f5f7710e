using Chatable.Messaging;
using Chatable.Messaging.ServerQueues;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Reads this server's own queue continuously, and waits while it is empty. The reconciler finds what this reader misses.
/// </summary>
internal sealed partial class DispatchReader(
    ServerQueueReader reader, ServerQueue queue, ServerIdentity server, IEnumerable<IDispatchHandler> handlers,
    IOptions<DeliveryOptions> options, DeliveryMetrics metrics, TimeProvider clock, ILogger<DispatchReader> logger)
    : BackgroundService
{
    private const int MaxHalvings = 14;

    private readonly IDispatchHandler[] _handlers = [.. handlers];
    private RedisValue _position = ServerQueueReader.Start;
    private QueuePosition _handled;
    private int _untrimmed;
    private bool _rewind;
    private bool _failing;

    // How many times the number of batches per read is halved: a read that timed out may have been too large.
    private int _halvings;

    /// <summary>
    /// Makes the reader start over at the beginning of the queue: a Redis that lost the queue may number new entries below the old ones.
    /// Connections skip messages that were already delivered. Refusals have no seq to recognize them by, so this reader skips the old ones.
    /// </summary>
    public void Rewind() => Volatile.Write(ref _rewind, true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await ReadOnceAsync(options.Value.Poll, stoppingToken) == 0)
                    await TrimAsync(stoppingToken);
                (_failing, _halvings) = (false, Math.Max(0, _halvings - 1));
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                if (!_failing)
                    LogReadFailed(exception);
                (_failing, _halvings) = (true, Math.Min(MaxHalvings, _halvings + 2));
                await Task.Delay(options.Value.Poll * 4, clock, stoppingToken);
            }
        }
    }

    /// <summary>Runs one cycle, which waits if the queue is empty. Returns the number of batches.</summary>
    public async Task<int> ReadOnceAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _rewind, false))
            _position = ServerQueueReader.Start;

        var most = Math.Max(1, options.Value.QueueBatches >> _halvings);
        var batches = await reader.ReadAsync(server.BootId, _position, most, patience, cancellationToken);
        foreach (var (position, batch) in batches)
        {
            Dispatch(position, batch);
            _position = position;
        }

        _untrimmed += batches.Count;
        if (_untrimmed >= options.Value.QueueBatches)
            await TrimAsync(cancellationToken);
        return batches.Count;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await queue.DeleteAsync(server.BootId, cancellationToken);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException
            or OperationCanceledException)
        {
            // The workers' reaper deletes it later.
            LogLeftBehind(exception);
        }
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        if (_untrimmed > 0)
            await queue.TrimAsync(server.BootId, _position, cancellationToken);
        _untrimmed = 0;
    }

    private void Dispatch(RedisValue position, ReadOnlyMemory<byte> batch)
    {
        var place = QueuePosition.Parse(position);
        var isNew = place.IsAfter(_handled);
        var items = new DispatchBatchReader(batch);
        while (items.Read())
        {
            // A batch that is read again may have been handled already: a second refusal would look like that of another message.
            if (items.Kind != DispatchKind.Refused || isNew)
                Dispatch(items);
        }

        if (items.Unknown > 0)
            metrics.Dropped("unknown_kind", items.Unknown);
        if (!items.IsAtEnd)
        {
            metrics.Dropped("undecodable");
            LogUndecodable(position.ToString(), batch.Length);
        }

        if (isNew)
            _handled = place;
    }

    private void Dispatch(in DispatchBatchReader item)
    {
        foreach (var handler in _handlers)
        {
            switch (item.Kind)
            {
                case DispatchKind.Stored:
                    handler.Handle(item.Stored);
                    break;
                case DispatchKind.Repeated:
                    handler.Handle(item.Repeated);
                    break;
                default:
                    handler.Handle(item.Refused);
                    break;
            }
        }
    }
}
