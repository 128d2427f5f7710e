namespace Chatable.Messaging.Intake;

/// <summary>Appends in their order, each of them all or none; their outcomes.</summary>
public delegate Task<AcceptOutcome[]> SendAppends(IReadOnlyList<IntakeAppend> appends, CancellationToken cancellationToken);

/// <summary>
/// Appends of many senders in one command: while one is on its way, those that come meanwhile wait for the next together, since a command
/// costs more than what is in it. The order of appends to one partition is that of the calls.
/// </summary>
public sealed class SharedAppends(SendAppends send, TimeProvider time)
{
    // Redis does nothing else while it takes them.
    private const int MaxEntries = 256;
    private const long MaxBytes = 1 << 20;

    // One that has no answer for so long says nothing of the others' chances.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();

    // As long as there are senders: none has a second append under way.
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

    // Whoever awaits it goes on right here: he only hands over the next, or waits for what the worker says.
    private sealed class Waiting(IntakeAppend append) : TaskCompletionSource<AcceptOutcome>
    {
        public IntakeAppend Append => append;

        public long Bytes { get; } = append.Entries.Sum(entry => (long)entry.Length);
    }
}
