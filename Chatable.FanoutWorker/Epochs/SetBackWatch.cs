using Chatable.Messaging.Envelopes;
using Microsoft.Extensions.Options;

namespace Chatable.FanoutWorker.Epochs;

/// <summary>
/// Checks, at startup and periodically, whether PostgreSQL is behind the seqs that Redis knows, as after a restore. Someone must then begin
/// a new epoch. Until that happens, the seqs in Redis stay unchanged, so that every worker reports the problem.
/// </summary>
internal sealed partial class SetBackWatch(
    KnownHeads known, EnvelopeStore store, IOptions<FanoutOptions> options, TimeProvider time, ILogger<SetBackWatch> logger)
    : BackgroundService
{
    private int? _toldOf;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SetBackCheck, time);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Components that need the store report its absence themselves.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Runs one check. Returns true if no log is behind.</summary>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        var all = await known.ReadAsync();
        var (epoch, heads) = await store.HeadsAsync([.. all.Select(one => one.User)], cancellationToken);
        // Seqs of a past epoch ended with it. An epoch number above the current one means that the epoch was lost together with its seqs.
        KnownHead[] behind = [.. all.Where(one =>
            one.Epoch > epoch.Number || (one.Epoch == epoch.Number && heads.GetValueOrDefault(one.User) < one.Seq))];
        if (behind.Length == 0)
        {
            _toldOf = null;
            await known.WriteAsync();
            return true;
        }

        if (_toldOf != epoch.Number)
            LogSetBack(behind.Length, behind[0].User, heads.GetValueOrDefault(behind[0].User), behind[0].Seq);
        _toldOf = epoch.Number;
        return false;
    }

    [LoggerMessage(
        LogLevel.Error,
        "PostgreSQL is behind what Redis knows of {Logs} logs: that of user {UserId} ends at {Head}, and had {Seq}. If PostgreSQL was "
        + "restored from a backup, run new-epoch. Until then, clients may miss messages.")]
    private partial void LogSetBack(int logs, long userId, long head, long seq);
}
