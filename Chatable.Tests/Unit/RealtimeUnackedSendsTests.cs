using Chatable.ApiService.Realtime.Sessions;
using Chatable.Messaging;
using Chatable.Tests.Contracts;

namespace Chatable.Tests.Unit;

public class RealtimeUnackedSendsTests
{
    private const int Window = 3;

    private readonly UnackedSends _sends = new(Window);

    [Fact]
    public void EachMessageGoesBehindItsPredecessorInItsConversation()
    {
        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after a", Admit("b"));
        Assert.Equal("sent", Admit("x", "carol"));
        Assert.True(_sends.Settle(Id("b")));
        Assert.Equal("sent after a", Admit("c", "ALICE"));
    }

    [Fact]
    public void AnAckTakesAMessageOutAndASecondOneFindsNothing()
    {
        Admit("a");

        Assert.True(_sends.Settle(Id("a")));
        Assert.False(_sends.Settle(Id("a")));
        Assert.Equal("sent", Admit("b"));
    }

    [Fact]
    public void NothingNewGoesWhileItsPredecessorIsRefused()
    {
        Admit("a");
        _sends.Refuse(Id("a"));

        Assert.Equal("out of order", Admit("b"));
        Assert.Equal("out of order", Admit("c"));
        Assert.Equal("sent", Admit("x", "carol"));

        Assert.Equal("sent", Admit("a"));
        Assert.Equal("sent after a", Admit("b"));
    }

    [Fact]
    public void WhatComesAgainWithoutItsRefusedPredecessorsHasGivenThemUp()
    {
        Admit("a");
        _sends.Refuse(Id("a"));
        Admit("b");

        Assert.Equal("sent", Admit("b"));
        Assert.False(_sends.Settle(Id("a")));
    }

    [Fact]
    public void WhatComesAgainKeepsItsPendingPredecessor()
    {
        Admit("a");
        Admit("b");
        _sends.Refuse(Id("b"));

        Assert.Equal("sent after a", Admit("b"));
        Assert.Equal("sent", Admit("a"));
    }

    [Fact]
    public void PastTheWindowAMessageIsRefusedAndKeepsItsPlace()
    {
        Admit("a");
        Admit("b");
        Admit("c");

        Assert.Equal("window full", Admit("d"));
        Assert.Equal("out of order", Admit("e"));
        _sends.Settle(Id("a"));
        Assert.Equal("out of order", Admit("e2"));
        Assert.Equal("sent after c", Admit("d"));
        Assert.Equal("sent after b", Admit("c"));
    }

    [Fact]
    public void OfTheRefusedTheOldestIsForgottenFirst()
    {
        foreach (var id in (string[])["a", "b", "c", "d"])
        {
            Admit(id, recipient: $"to_{id}");
            _sends.Refuse(Id(id));
        }

        Assert.Equal([false, true, true, true], ((string[])["a", "b", "c", "d"]).Select(id => _sends.Settle(Id(id))));
    }

    // The promise itself, over every sequence of seven steps with two messages and a server that may lose, refuse or store each.
    [Fact]
    public void WhateverHappensTheSecondMessageIsNeverStoredBeforeTheFirstThatIsStoredToo()
    {
        var histories = 0;
        Play(new World(), 7);
        Assert.True(histories > 10_000, $"only {histories} histories");

        void Play(World world, int steps)
        {
            histories++;
            Assert.True(world.IsInOrder, world.History);
            foreach (var step in steps == 0 ? [] : world.Steps())
                Play(world.After(step), steps - 1);
        }
    }

    private string Admit(string id, string recipient = "alice")
    {
        var (admission, after) = _sends.Admit(Id(id), recipient);
        return admission switch
        {
            Admission.OutOfOrder => "out of order",
            Admission.WindowFull => "window full",
            _ when after is { } predecessor => $"sent after {predecessor.Text}",
            _ => "sent",
        };
    }

    private static ClientId Id(string text) => Samples.Client(text);

    /// <summary>A client that sends a and then b, and b again never before a that was refused; an intake that may lose entries, and a worker.</summary>
    private sealed class World(params string[] steps)
    {
        private static readonly string[] s_messages = ["a", "b"];

        private readonly List<(string Id, string? After)> _intake = [];
        private readonly List<string> _stored = [];
        private readonly HashSet<string> _sent = [];
        private readonly HashSet<string> _refused = [];
        private readonly UnackedSends _unacked = new(Window);

        public string History => string.Join(", ", steps);

        public bool IsInOrder
        {
            get
            {
                Replay();
                return !_stored.SequenceEqual(["b", "a"]);
            }
        }

        public IEnumerable<string> Steps()
        {
            Replay();
            yield return "send a";
            if (_sent.Contains("a") && !(_sent.Contains("b") && _refused.Contains("a")))
                yield return "send b";
            if (_intake.Count > 0)
                yield return "store";
            if (_intake.Count > 0)
                yield return "lose";
            foreach (var id in s_messages.Where(id => _sent.Contains(id) && !_stored.Contains(id)))
                yield return $"refuse {id}";
        }

        public World After(string step) => new([.. steps, step]);

        private void Replay()
        {
            _intake.Clear();
            _stored.Clear();
            _sent.Clear();
            _refused.Clear();
            foreach (var id in s_messages)
                _unacked.Settle(Id(id));
            foreach (var step in steps)
                Take(step.Split(' '));
        }

        private void Take(string[] step)
        {
            switch (step)
            {
                case ["send", var id]:
                    _sent.Add(id);
                    _refused.Remove(id);
                    if (_unacked.Admit(Id(id), "alice") is (Admission.Admitted, var after))
                        _intake.Add((id, after?.Text));
                    else
                        _refused.Add(id);
                    break;
                // The intake was full: the entry that came last did not go in.
                case ["refuse", var id]:
                    if (_intake.FindLastIndex(entry => entry.Id == id) is var last and >= 0)
                        _intake.RemoveAt(last);
                    Refuse(id);
                    break;
                case ["lose"]:
                    _intake.RemoveAt(0);
                    break;
                case ["store"]:
                    Store();
                    break;
            }
        }

        private void Store()
        {
            var (id, after) = _intake[0];
            _intake.RemoveAt(0);
            if (_stored.Contains(id) || after is null || _stored.Contains(after))
            {
                if (!_stored.Contains(id))
                    _stored.Add(id);
                _unacked.Settle(Id(id));
            }
            else
            {
                Refuse(id);
            }
        }

        private void Refuse(string id)
        {
            _refused.Add(id);
            _unacked.Refuse(Id(id));
        }
    }
}
