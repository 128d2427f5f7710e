using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Checker;

/// <summary>Identifies a message of an author, however often it is sent.</summary>
internal readonly record struct MessageName(string Author, string ClientId);

/// <summary>One message as its author knows it, over all attempts.</summary>
internal sealed class Sent
{
    public required MessageName Name { get; init; }
    public required string To { get; init; }
    public required string Hash { get; init; }
    public required long FirstInvoked { get; init; }
    public required string Proc { get; init; }
    public HistoryEvent? Ack { get; set; }
    public bool Failed { get; set; }
    public int Attempts { get; set; } = 1;

    public string[] Parties => Name.Author == To ? [To] : [Name.Author, To];
}

/// <summary>The evidence with lookups, built once for all invariants.</summary>
internal sealed class Facts
{
    private readonly Dictionary<MessageName, Sent> _sent = [];

    public Facts(Evidence evidence)
    {
        Evidence = evidence;
        Undone = new Undone(evidence);
        Events = Undone.Count == 0
            ? evidence.Events
            : [.. evidence.Events.Where(one => !Undone.Forgets(one)).Select(Undone.InItsPlace).OrderBy(one => one.T)];
        foreach (var one in Events.Where(one => one.ClientId is not null))
            Note(one);
        ByHash = _sent.Values.ToLookup(sent => sent.Hash);
        StoredByName = evidence.Messages.ToLookup(message => new MessageName(message.From, message.ClientId));
        StoredById = evidence.Messages.DistinctBy(message => message.Id).ToDictionary(message => message.Id);
        Healed = evidence.Events.LastOrDefault(one => one.Op == Op.Heal)?.T ?? 0;
    }

    public Evidence Evidence { get; }

    public Undone Undone { get; }

    /// <summary>All events that count: without what was undone.</summary>
    public IReadOnlyList<HistoryEvent> Events { get; }

    public IEnumerable<Sent> Sent => _sent.Values;

    /// <summary>Messages whose author was told that they are committed.</summary>
    public IEnumerable<Sent> Acked => _sent.Values.Where(sent => sent.Ack is not null);

    public ILookup<string, Sent> ByHash { get; }

    public ILookup<MessageName, StoredMessage> StoredByName { get; }

    public IReadOnlyDictionary<string, StoredMessage> StoredById { get; }

    /// <summary>When the faults ended.</summary>
    public long Healed { get; }

    public Sent? Find(MessageName name) => _sent.GetValueOrDefault(name);

    /// <summary>All connections as they were seen, including what was undone.</summary>
    public IEnumerable<IGrouping<int, HistoryEvent>> Connections => ByConnection(Evidence.Events);

    public IEnumerable<IGrouping<int, HistoryEvent>> ConnectionsAsTheyCount => ByConnection(Events);

    /// <summary>Messages as they were received: in frames or from the client library.</summary>
    public IEnumerable<HistoryEvent> Arrivals => Events.Where(one => one.Op is Op.Recv or Op.Take);

    private static IEnumerable<IGrouping<int, HistoryEvent>> ByConnection(IEnumerable<HistoryEvent> events) =>
        events.Where(one => one.Conn is not null).GroupBy(one => one.Conn!.Value);

    private void Note(HistoryEvent one)
    {
        var name = new MessageName(one.User, one.ClientId!);
        switch (one.Op, one.Ev)
        {
            case (Op.Send, Known.Invoke) when _sent.TryGetValue(name, out var sent):
                sent.Attempts++;
                break;
            case (Op.Send, Known.Invoke):
                _sent[name] = new Sent { Name = name, To = one.To!, Hash = one.Hash!, FirstInvoked = one.T, Proc = one.Proc };
                break;
            case (Op.Send, Known.Fail) when _sent.TryGetValue(name, out var sent):
                sent.Failed = true;
                break;
            case (Op.Ack, Known.Ok) when _sent.TryGetValue(name, out var sent):
                sent.Ack ??= one;
                break;
        }
    }
}
