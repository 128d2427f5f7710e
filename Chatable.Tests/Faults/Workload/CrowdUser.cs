using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// A user of the crowd. It has one message in flight at a time and sends it again, on any of its sockets, until it is acked.
/// </summary>
internal sealed class CrowdUser(ChatUser account, WritingCrowd crowd)
{
    private static readonly TimeSpan s_ackTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _acked = [];
    private Draft? _draft;
    private CrowdSocket? _carrier;
    private int _written;

    public ChatUser Account => account;

    public string Name => account.Username;

    public IReadOnlyList<CrowdSocket> Sockets { get; set; } = [];

    /// <summary>The client IDs of messages that it was told are stored.</summary>
    public IReadOnlyCollection<string> Acked
    {
        get
        {
            lock (_gate)
                return [.. _acked];
        }
    }

    public int Written
    {
        get
        {
            lock (_gate)
                return _written;
        }
    }

    /// <summary>Whether everything it has written is acked.</summary>
    public bool IsDone
    {
        get
        {
            lock (_gate)
                return _draft is null;
        }
    }

    /// <summary>The text of a message, derived so that nobody has to store it.</summary>
    public static string TextOf(string clientId) => $"number {clientId} of somebody in the crowd";

    /// <summary>Writes a message; false while another one has no ack.</summary>
    public bool Write(CrowdUser to)
    {
        lock (_gate)
        {
            if (_draft is not null)
                return false;
            var clientId = $"crowd-{++_written}";
            _draft = new Draft(clientId, to.Name, TextOf(clientId), hash: "");
            return true;
        }
    }

    /// <summary>Sends the due message if a socket is available.</summary>
    public Task SendDueAsync(CancellationToken cancellationToken)
    {
        CrowdSocket carrier;
        Draft draft;
        lock (_gate)
        {
            var now = Environment.TickCount64;
            if (_draft is null || now < _draft.Since)
                return Task.CompletedTask;
            CrowdSocket[] ready = [.. Sockets.Where(socket => socket.IsReady)];
            if (ready.Length == 0)
                return Task.CompletedTask;
            draft = _draft;
            _carrier = carrier = ready[Random.Shared.Next(ready.Length)];
            draft.Since = now + (long)s_ackTimeout.TotalMilliseconds;
        }

        return carrier.SendAsync(draft, cancellationToken);
    }

    /// <summary>An ack, or the message itself in the log, has arrived.</summary>
    public void Settle(string clientId)
    {
        lock (_gate)
        {
            _acked.Add(clientId);
            if (_draft?.ClientId == clientId)
                (_draft, _carrier) = (null, null);
        }
    }

    public void Refuse(string clientId, Frame error)
    {
        if (!error.Retryable)
            crowd.Report("I10", $"{clientId} of {Name} was refused for good: {error.Code}");
        lock (_gate)
        {
            if (_draft is { } draft && draft.ClientId == clientId)
                draft.Since = Environment.TickCount64 + (error.RetryAfterMs ?? (long)s_retry.TotalMilliseconds);
        }
    }

    /// <summary>A connection has ended: its message is sent again on another.</summary>
    public void NoticeEnd(CrowdSocket socket)
    {
        lock (_gate)
        {
            if (_carrier == socket && _draft is { } draft)
                (draft.Since, _carrier) = (0, null);
        }
    }
}
