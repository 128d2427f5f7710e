namespace Chatable.Messaging.Intake;

/// <summary>Runs appends in order, each all or none, and returns their outcomes.</summary>
public delegate Task<AcceptOutcome[]> SendAppends(IReadOnlyList<IntakeAppend> appends, CancellationToken cancellationToken);

/// <summary>
/// Combines appends of many senders into one command. Appends that arrive while a command is in flight wait and share the next one, because
/// a command costs more than its content. Appends to one partition keep the order of the calls.
/// </summary>
public sealed class SharedAppends(SendAppends send, TimeProvider time)
{
    // Redis does nothing else while it executes the command.
    private const int MaxEntries = 256;
    private const long MaxBytes = 1 << 20;

    // After this time without an answer, a command no longer delays other appends.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();

    // Holds at most one append per sender: no sender has a second one in flight.
    private readonly Queue<Waiting> _waiting = new();
    private int _running;
    private long _lastSent;

    /// <inheritdoc cref="IntakeLog.AppendAsync(int, IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>
    public Task<AcceptOutcome> AppendAsync(
        int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(entries.Count);
        cancellationToken.ThrowIfCancellationRequested();
        var waiting = new Waiting(new IntakeAppend(partition, entries));
        lock (_gate)
        {
            _waiting.Enqueue(waiting);
            if (_running > 0 && time.GetElapsedTime(_lastSent) < s_patience)
                return waiting.Task;
            _running++;
        }

        _ = RunAsync();
        return waiting.Task;
    }

    private async Task RunAsync()
    {
        while (Take() is { Count: > 0 } group)
        {
            try
            {
                var outcomes = await send([.. group.Select(waiting => waiting.Append)], CancellationToken.None);
                for (var i = 0; i < outcomes.Length; i++)
                    group[i].SetResult(outcomes[i]);
            }
            catch (Exception unforeseen)
            {
                foreach (var waiting in group)
                    waiting.TrySetException(unforeseen);
            }
        }
    }

    private List<Waiting> Take()
    {
        lock (_gate)
        {
            var group = new List<Waiting>(_waiting.Count);
            var (entries, bytes) = (0, 0L);
            while (_waiting.TryPeek(out var next))
            {
                entries += next.Append.Entries.Count;
                bytes += next.Bytes;
                if (group.Count > 0 && (entries > MaxEntries || bytes > MaxBytes))
                    break;
                group.Add(_waiting.Dequeue());
            }

            _lastSent = time.GetTimestamp();
            if (group.Count == 0)
                _running--;
            return group;
        }
    }

    // Awaiting code continues synchronously on this thread. It only hands over the next append, or waits for the worker's answer.
    private sealed class Waiting(IntakeAppend append) : TaskCompletionSource<AcceptOutcome>
    {
        public IntakeAppend Append => append;

        public long Bytes { get; } = append.Entries.Sum(entry => (long)entry.Length);
    }
}
