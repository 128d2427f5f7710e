using Chatable.ApiService.Realtime.Sessions.V2;
using Chatable.Messaging;
using Chatable.Tests.Unit.Contracts;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>Two messages of one conversation, through every short history of what a client, an intake and a worker can do.</summary>
public class SendWindowHistoryTests
{
    private const int Window = 3;

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

    private static ClientId Id(string text) => Samples.Client(text);

    /// <summary>
    /// A client that sends a and then b, and again a before b where a was refused, whether it has heard or not; an intake that may
    /// lose entries, and a worker.
    /// </summary>
    private sealed class World(params string[] steps)
    {
        private static readonly string[] s_messages = ["a", "b"];

        private readonly List<(string Id, string? After)> _intake = [];
        private readonly List<string> _stored = [];
        private readonly HashSet<string> _sent = [];
        private readonly HashSet<string> _refused = [];
        private SendWindow _unacked = new(Window);
        private string _lastSent = "";

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
            if (_sent.Contains("a") && !(_sent.Contains("b") && _refused.Contains("a") && _lastSent == "b"))
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
            _unacked = new SendWindow(Window);
            _lastSent = "";
            foreach (var step in steps)
                Take(step.Split(' '));
        }

        private void Take(string[] step)
        {
            switch (step)
            {
                case ["send", var id]:
                    _sent.Add(id);
                    _lastSent = id;
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
