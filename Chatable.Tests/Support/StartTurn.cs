namespace Chatable.Tests.Support;

/// <summary>
/// Topologies start one after another. Each start takes about fifteen processes and half a minute of processor time, so concurrent starts
/// would only delay each other.
/// </summary>
internal static class StartTurn
{
    private static readonly SemaphoreSlim s_turn = new(1);

    /// <summary>Waits for the turn. Disposing the result ends it; disposing it twice is harmless.</summary>
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
