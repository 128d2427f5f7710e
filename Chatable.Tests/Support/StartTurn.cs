namespace Chatable.Tests.Support;

/// <summary>
/// Whole topologies start one after the other. Each start is some fifteen processes and half a minute of processor time, so several at once
/// would only make each other late.
/// </summary>
internal static class StartTurn
{
    private static readonly SemaphoreSlim s_turn = new(1);

    /// <summary>Waits for the turn. Disposing ends it; disposing twice is harmless.</summary>
    public static async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await s_turn.WaitAsync(cancellationToken);
        return new Turn();
    }

    private sealed class Turn : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                s_turn.Release();
        }
    }
}
