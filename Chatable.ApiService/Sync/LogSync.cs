using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Http;
using Chatable.Messaging.Envelopes;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Sync;

/// <summary>
/// Reads a user's log for a request, and waits for it to grow. The order is the same as for a socket: create the signal; register the user;
/// then read PostgreSQL. Everything committed before that read is in it. Everything committed later is published to this server, because
/// the registry lists it. If the registry is unreachable, or a signal is lost, the next check finds it. Each check ends with a check of the
/// token: messages that arrived after the token ended are not for its holder.
/// </summary>
internal sealed partial class LogSync(
    LogPolls polls, UserRegistrations registrations, EnvelopeStore store, EnvelopeLog log, AccessKeys keys, Draining draining,
    IOptions<SyncOptions> options, TimeProvider clock, ILogger<LogSync> logger)
{
    public async Task<IResult> ReadAsync(AuthenticatedUser user, SyncCursor cursor, CancellationToken cancellationToken)
    {
        if (cursor.Wait == TimeSpan.Zero || draining.IsDraining)
            return (await LookAsync(user.UserId, cursor, cancellationToken)).Answer;
        if (polls.TryBegin(user) is not { } signal)
            return Problem.Busy;

        var registered = false;
        try
        {
            registered = await TryRegisterAsync(user.UserId, cancellationToken);
            return await PollAsync(user, cursor, signal, cancellationToken);
        }
        finally
        {
            polls.End(signal);
            if (registered)
                await ReleaseAsync(user.UserId);
        }
    }

    private async Task<IResult> PollAsync(AuthenticatedUser user, SyncCursor cursor, LogSignal signal, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            // Read before the check, so that the end of the wait never skips a last check.
            var left = cursor.Wait - clock.GetElapsedTime(began);
            var isLast = left <= TimeSpan.Zero || signal.IsDismissed || draining.IsDraining;
            (var answer, cursor) = await LookAsync(user.UserId, cursor, cancellationToken);
            var key = await keys.FindInAnyStateAsync(user.AccessKeyId, cancellationToken);
            if (AccessKeys.FaultOf(key) is { } fault)
                return fault;
            if (isLast || !answer.IsEmpty)
                return answer;

            TimeSpan[] limits = [left, options.Value.LookEvery, key!.ExpiresAt - clock.GetUtcNow()];
            await WaitAsync(signal, limits.Min(), cancellationToken);
        }
    }

    private async Task WaitAsync(LogSignal signal, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, draining.Begun);
        try
        {
            await signal.WaitAsync(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The server stops: check once more.
        }
    }

    /// <summary>Runs one check, and returns the cursor for the next one. "From now on" means from the first check.</summary>
    private async Task<(SyncAnswer Answer, SyncCursor Next)> LookAsync(
        long user, SyncCursor cursor, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.StepTimeout);
        try
        {
            while (true)
            {
                var head = await store.LogHeadAsync(user, cursor.Epoch, timeout.Token);
                if (cursor.Since is not { } since)
                    return (new SyncAnswer(user, head, []), cursor with { Since = head.Seq, Epoch = head.Epoch });
                if (!head.Honours(since, cursor.Epoch))
                    return (new SyncAnswer(user, head, [], isReset: true), cursor);

                // From now on the cursor belongs to this epoch.
                cursor = cursor with { Epoch = head.Epoch };
                if (since >= head.Seq)
                    return (new SyncAnswer(user, head, []), cursor);
                var page = await log.ReadAsync(user, head.Epoch, since, cursor.Limit, timeout.Token);
                if (page.Head.Epoch == head.Epoch)
                    return (new SyncAnswer(user, head, page.Entries), cursor);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServiceBusyException("The queue of log reads");
        }
    }

    private async Task<bool> TryRegisterAsync(long user, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.StepTimeout);
        try
        {
            await registrations.AcquireAsync(user, timeout.Token);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRegistered(exception, user);
            return false;
        }
    }

    private async Task ReleaseAsync(long user)
    {
        using var timeout = new CancellationTokenSource(options.Value.StepTimeout, clock);
        try
        {
            await registrations.ReleaseAsync(user, timeout.Token);
        }
        catch (Exception exception)
        {
            // The user stays registered, which costs a few pushes that this server skips.
            LogNotRegistered(exception, user);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The registration of user {UserId}, who waits here, could not be changed.")]
    private partial void LogNotRegistered(Exception exception, long userId);
}
