namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// A device's messages without an ack, in the order of writing. No message overtakes another: one that waits to be sent again holds back
/// later ones to the same recipient.
/// </summary>
internal sealed class Outbox(int window, TimeSpan ackTimeout)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Draft> _drafts = [];

    public int Count
    {
        get
        {
            lock (_gate)
                return _drafts.Count;
        }
    }

    public void Add(Draft draft)
    {
        lock (_gate)
            _drafts.AddLast(draft);
    }

    /// <summary>The messages to send now, in order; from now on they count as sent.</summary>
    public IReadOnlyList<Draft> TakeDue()
    {
        lock (_gate)
        {
            var now = Environment.TickCount64;
            // If one has waited too long, it is sent again with all later ones, in order.
            var late = _drafts.Any(draft => draft.State == DraftState.OnItsWay && now - draft.Since > ackTimeout.TotalMilliseconds);
            // A refused message keeps its place in the window: it has no ack either.
            var room = window - _drafts.Count(draft => draft.State != DraftState.Waiting);
            var held = new HashSet<string>();
            List<Draft> due = [];
            foreach (var draft in _drafts)
            {
                if (draft.State == DraftState.OnItsWay && !late)
                    continue;
                if (draft.State == DraftState.Refused && now < draft.Since)
                    held.Add(draft.To);
                if (held.Contains(draft.To))
                    continue;
                if (draft.State == DraftState.Waiting && --room < 0)
                    break;
                (draft.State, draft.Since) = (DraftState.OnItsWay, now);
                due.Add(draft);
            }

            return due;
        }
    }

    /// <summary>Whether no earlier message to the same recipient waits for its ack.</summary>
    public bool IsFirst(Draft draft)
    {
        lock (_gate)
            return _drafts.FirstOrDefault(other => other.To == draft.To) == draft;
    }

    /// <summary>The message is stored or failed; null if it was settled before.</summary>
    public Draft? Settle(string clientId)
    {
        lock (_gate)
        {
            if (Find(clientId) is not { } draft)
                return null;
            _drafts.Remove(draft);
            return draft;
        }
    }

    public void Refuse(string clientId, TimeSpan retryAfter)
    {
        lock (_gate)
        {
            if (Find(clientId) is { } draft)
                (draft.State, draft.Since) = (DraftState.Refused, Environment.TickCount64 + (long)retryAfter.TotalMilliseconds);
        }
    }

    /// <summary>The connection has ended: messages in flight may or may not have arrived, and are sent again. Returns them.</summary>
    public IReadOnlyList<Draft> Rewind()
    {
        lock (_gate)
        {
            Draft[] unsure = [.. _drafts.Where(draft => draft.State == DraftState.OnItsWay)];
            foreach (var draft in _drafts)
                draft.State = DraftState.Waiting;
            return unsure;
        }
    }

    private Draft? Find(string clientId) => _drafts.FirstOrDefault(draft => draft.ClientId == clientId);
}
