using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>A small handwritten run without violations. Each of the checker's tests spoils it in one place.</summary>
internal sealed class Story
{
    /// <summary>Bob's other device.</summary>
    public const string Library = "bob/library";

    private static readonly string[] s_users = ["alice", "bob"];

    private readonly List<HistoryEvent> _events = [];
    private readonly List<StoredMessage> _messages = [];
    private readonly List<StoredEnvelope> _envelopes = [];
    private readonly Dictionary<(string, string), long> _conversations = [];
    private readonly Dictionary<string, long> _heads = new() { ["alice"] = 0, ["bob"] = 0 };
    private long _time;

    /// <summary>
    /// Alice (connection 1) and Bob (connection 2) write to each other, and Alice to herself. Then Bob's device on the client library
    /// (connection 3) writes, and all is quiet.
    /// </summary>
    public static Evidence Good()
    {
        var story = new Story();
        foreach (var user in s_users)
        {
            story.Add(user, Known.Invoke, Op.Hello, seq: 0);
            story.Add(user, Known.Ok, Op.Welcome, seq: 0);
            story.Add(user, Known.Ok, Op.CaughtUp, seq: 0);
        }

        story.Send("alice", "bob", "c1");
        story.Send("alice", "bob", "c2");
        story.Send("bob", "alice", "c1");
        story.Send("alice", "alice", "c3");
        story.Send("bob", "alice", "c4", Library);
        story.Send("alice", "bob", "c5");
        story.Add("", Known.Ok, Op.Heal);
        return story.ToEvidence();
    }

    public static string HashOf(string author, string clientId) => $"hash of {author}'s {clientId}";

    private void Send(string from, string to, string clientId, string? proc = null)
    {
        Add(from, Known.Invoke, Op.Send, clientId, from: from, to: to, proc: proc);
        var stored = Store(from, to, clientId);
        foreach (var user in from == to ? [to] : new[] { from, to })
        {
            var seq = ++_heads[user];
            _envelopes.Add(new StoredEnvelope(user, seq, stored.Id));
            var isAuthor = user == from && proc is null;
            Add(user, Known.Ok, isAuthor ? Op.Ack : Op.Recv, user == from ? clientId : null, seq, stored);
            Add(user, Known.Ok, Op.Surface, user == from ? clientId : null, seq, stored);
            if (user == "bob")
                Give(user, user == from ? clientId : null, seq, stored, isOwn: proc == Library);
        }

        Add(from, Known.Ok, Op.RestRead, seq: null, stored: stored);
    }

    // The library reports the device's own messages by their acks, which have no position in the order of deliveries.
    private void Give(string user, string? clientId, long seq, StoredMessage stored, bool isOwn)
    {
        Add(user, Known.Ok, isOwn ? Op.Ack : Op.Take, clientId, isOwn ? null : seq, stored, proc: Library);
        Add(user, Known.Ok, Op.Surface, clientId, isOwn ? null : seq, stored, proc: Library);
    }

    private StoredMessage Store(string from, string to, string clientId)
    {
        var pair = string.CompareOrdinal(from, to) < 0 ? (from, to) : (to, from);
        var place = _conversations[pair] = _conversations.GetValueOrDefault(pair) + 1;
        var conversation = _conversations.Keys.ToList().IndexOf(pair) + 1;
        var stored = new StoredMessage(
            $"m{_messages.Count + 1}", from, to, clientId, conversation, place, HashOf(from, clientId), DateTime.UnixEpoch.AddTicks(_time));
        _messages.Add(stored);
        return stored;
    }

    private void Add(
        string user, Known ev, Op op, string? clientId = null, long? seq = null, StoredMessage? stored = null, string? from = null,
        string? to = null, string? proc = null) =>
        _events.Add(new HistoryEvent(
            _time += 1000, proc ?? $"{user}/phone", user, ev, op, proc is null ? Array.IndexOf(s_users, user) + 1 : 3, stored?.Id, clientId, seq,
            stored?.Conv, stored?.ConvSeq, stored?.From ?? from, stored?.To ?? to,
            stored?.Hash ?? (clientId is null ? null : HashOf(user, clientId))));

    private Evidence ToEvidence()
    {
        var seen = s_users.ToDictionary(
            user => user,
            user => (IReadOnlyList<SeenMessage>)[.. _envelopes.Where(one => one.User == user).Select(one => See(one))]);
        return new Evidence
        {
            Events = _events,
            Devices = [.. s_users.Select(user => new Device($"{user}/phone", user)), new Device(Library, "bob")],
            Messages = _messages,
            Envelopes = _envelopes,
            Rest = seen,
            Fresh = seen,
            Measures = [new Measure("api: open files", 100, 110)],
        };
    }

    private SeenMessage See(StoredEnvelope envelope)
    {
        var message = _messages.Single(one => one.Id == envelope.MessageId);
        return new SeenMessage(message.Id, message.From, message.To, message.Conv, message.ConvSeq, message.Hash, envelope.Seq);
    }
}
