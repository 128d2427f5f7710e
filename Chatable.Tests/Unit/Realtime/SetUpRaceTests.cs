using Chatable.ApiService.Realtime.Push;
using Chatable.Messaging.Envelopes;
using Chatable.Tests.Unit.Contracts;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>
/// A connection comes up while three messages are committed and routed. Every order in which the steps of the two can follow each
/// other is played: there is none in which a message is lost, even with nothing to repair it.
/// </summary>
public class SetUpRaceTests
{
    private const int Messages = 3;

    private enum Step
    {
        Commit,
        Route,
        Register,
        ReadHead,
        ReadBacklog,
        GoLive,
    }

    private static readonly Step[] s_setUp = [Step.Register, Step.ReadHead, Step.GoLive];

    // One that resumes: what it missed is read after it was registered.
    private static readonly Step[] s_resume = [Step.Register, Step.ReadHead, Step.ReadBacklog, Step.GoLive];

    [Fact]
    public void NoOrderOfStepsLosesAMessageOrDeliversOneTwice()
    {
        var schedules = Schedules(s_setUp).ToArray();

        // Three commits in their order and a route after each can follow each other in 15 ways; 3 steps among these 6 stand in 84.
        Assert.Equal(15 * 84, schedules.Length);
        Assert.All(schedules, schedule => Assert.True(IsWhole(schedule), string.Join(" ", schedule)));
    }

    [Fact]
    public void NoOrderOfStepsLosesOrRepeatsAMessageForOneThatResumes()
    {
        var schedules = Schedules(s_resume).ToArray();

        Assert.Equal(15 * 210, schedules.Length);
        Assert.All(schedules, schedule => Assert.True(IsWhole(schedule), string.Join(" ", schedule)));
    }

    [Fact]
    public void ReadingTheBacklogBeforeRegisteringWouldLoseSome() => Assert.Contains(
        Schedules([Step.ReadHead, Step.ReadBacklog, Step.Register, Step.GoLive]), schedule => !IsWhole(schedule));

    [Fact]
    public void RegisteringOnlyAfterTheHeadIsReadWouldLoseSome() =>
        Assert.Contains(Schedules([Step.ReadHead, Step.Register, Step.GoLive]), schedule => !IsWhole(schedule));

    private static bool IsWhole((Step Step, int Message)[] schedule)
    {
        var resumes = schedule.Any(one => one.Step == Step.ReadBacklog);
        var (committed, head, backlog, registered) = (0L, 0L, 0L, false);
        var delivered = new List<long>();
        var sequence = new Resequencer(holdLimit: 16, holdBytes: 1_000_000, (in entry) => delivered.Add(entry.Seq), () => true);
        foreach (var (step, message) in schedule)
        {
            switch (step)
            {
                case Step.Commit:
                    committed = message;
                    break;
                case Step.Route when registered:
                    sequence.Offer(Entry(message));
                    break;
                case Step.Register:
                    registered = true;
                    break;
                case Step.ReadHead:
                    head = committed;
                    break;
                case Step.ReadBacklog:
                    backlog = committed;
                    break;
                case Step.GoLive:
                    sequence.StartAfter(resumes ? 0 : head);
                    for (var seq = 1; seq <= backlog; seq++)
                        sequence.Offer(Entry(seq));
                    break;
            }
        }

        var first = resumes ? 1 : (int)head + 1;
        return delivered.SequenceEqual(Enumerable.Range(first, Messages - first + 1).Select(seq => (long)seq));
    }

    private static Envelope Entry(long seq) => new(seq, Samples.LogEntry);

    // Commits come in the order of their seq, each route after its commit but in any order among themselves, and the set-up in its own.
    private static IEnumerable<(Step, int)[]> Schedules(Step[] setUp)
    {
        return Extend([], 0, 0, 0);

        IEnumerable<(Step, int)[]> Extend((Step, int)[] sofar, int commits, int routed, int set)
        {
            if (commits == Messages && routed == (1 << Messages) - 1 && set == setUp.Length)
                yield return sofar;
            if (commits < Messages)
            {
                foreach (var whole in Extend([.. sofar, (Step.Commit, commits + 1)], commits + 1, routed, set))
                    yield return whole;
            }

            for (var message = 0; message < commits; message++)
            {
                if ((routed & 1 << message) != 0)
                    continue;
                foreach (var whole in Extend([.. sofar, (Step.Route, message + 1)], commits, routed | 1 << message, set))
                    yield return whole;
            }

            if (set < setUp.Length)
            {
                foreach (var whole in Extend([.. sofar, (setUp[set], 0)], commits, routed, set + 1))
                    yield return whole;
            }
        }
    }
}
