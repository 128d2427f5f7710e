using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Workload;

/// <summary>What a device records.</summary>
internal sealed class DeviceHistory(EventLog log, string proc, string user)
{
    private readonly HashSet<(string Hash, string Id)> _shown = [];

    public int NextConnection() => log.NextConnection();

    public void Add(int connection, Known ev, Op op, long? seq) =>
        log.Add(t => new HistoryEvent(t, proc, user, ev, op, connection, Seq: seq));

    public void Add(int connection, Known ev, Op op, Frame frame, bool repeat = false) => log.Add(t => new HistoryEvent(
        t, proc, user, ev, op, connection, frame.MessageId, frame.ClientId, frame.Seq, frame.Conversation, frame.ConversationSeq,
        frame.Author, frame.Recipient, frame.Hash, repeat, frame.Code));

    /// <summary>Recorded before the send: from then on the message may exist.</summary>
    public void AddAttempt(int connection, Draft draft) => log.Add(t => new HistoryEvent(
        t, proc, user, Known.Invoke, Op.Send, connection, ClientId: draft.ClientId, From: user, To: draft.To, Hash: draft.Hash));

    public void AddUnsure(int connection, Draft draft) =>
        log.Add(t => new HistoryEvent(t, proc, user, Known.Info, Op.Send, connection, ClientId: draft.ClientId));

    /// <summary>A message that was already shown is not shown again when the whole log is reloaded; the ID identifies it.</summary>
    public void AddShown(int connection, long seq, string hash, string id)
    {
        if (_shown.Add((hash, id)))
            log.Add(t => new HistoryEvent(t, proc, user, Known.Ok, Op.Surface, connection, Seq: seq, Hash: hash));
    }
}
