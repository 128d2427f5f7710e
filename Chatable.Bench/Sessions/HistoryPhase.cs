using System.Globalization;
using Chatable.Bench.CommandLine;
using Chatable.Bench.Load.Requests;
using Chatable.Bench.Measures;
using Chatable.Bench.Report;
using Chatable.Bench.Runs;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>What is asked of a database that has been in use for long: pages, resumes, and beside them registrations and logins.</summary>
internal sealed class HistoryPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private const int Readers = 8;
    private const int MinUsers = 1000;
    private const int PageSize = 50;

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        string[] asked = [.. new[] { Scenarios.Storm, Scenarios.Reads, Scenarios.Accounts }.Where(IsAskedFor)];
        if (asked.Length == 0 || !IsAskedForSubject(SubjectNames.Chatable))
            return;
        Progress.Step("starting chatable");
        await using var subject = (ChatableSubject)await SubjectSet.StartAsync(SubjectNames.Chatable, cancellationToken);
        var users = Math.Max(MinUsers, Options.Storm);
        await subject.PrepareAsync(users, cancellationToken);
        Progress.Step($"putting {Options.Stored} messages into the database");
        var thread = await History.FillAsync(subject.Database, users, Options.Stored, cancellationToken);
        var reads = Reads(subject, users, thread);
        if (IsAskedFor(Scenarios.Reads))
            await WarmUpAsync(subject, reads, cancellationToken);
        foreach (var round in Rounds)
        {
            if (IsAskedFor(Scenarios.Reads))
                await ReadAsync(subject, reads, round, add, cancellationToken);
            if (IsAskedFor(Scenarios.Storm))
                add(await new StormRun(subject, Progress).RunAsync(Scenarios.Storm, Options.Storm, round, cancellationToken));
            if (IsAskedFor(Scenarios.Accounts))
                await RegisterAsync(subject, round, add, cancellationToken);
        }
    }

    private Task WarmUpAsync(ChatableSubject subject, Read[] reads, CancellationToken cancellationToken) =>
        new WarmUp(Progress, Options.WarmUpWindows).RunAsync(
            "reads",
            () => new RequestRun(subject, Readers, Progress).RunAsync(
                Scenarios.Reads, "all reads", round: 0, Options.WarmUpWindow,
                n => reads[n % reads.Length].Request(n / reads.Length), cancellationToken));

    private async Task ReadAsync(
        ChatableSubject subject, Read[] reads, int round, Action<RunResult> add, CancellationToken cancellationToken)
    {
        var run = new RequestRun(subject, Readers, Progress);
        foreach (var (name, request) in reads)
            add(await run.RunAsync(Scenarios.Reads, name, round, Options.Measured / 2, request, cancellationToken));
    }

    private static Read[] Reads(ChatableSubject subject, int users, (long Id, long LastSeq) thread)
    {
        // Two of them have the long conversation.
        string Token(long user) => subject.User((int)user).Token;
        var deep = thread.LastSeq - (Math.Min(100_000, thread.LastSeq / PageSize - 1) * PageSize);
        var page = string.Create(CultureInfo.InvariantCulture, $"/api/v2/conversations/{thread.Id}/messages?limit={PageSize}");
        return
        [
            new("inbox, v1", n => Request.Get("/api/inbox", Token(n * 7919 % users))),
            new("inbox, v2", n => Request.Get("/api/v2/conversations?limit=20", Token(n * 7919 % users))),
            new("thread, v1, page 1", n => Request.Get($"/api/thread/u{1 - (n % 2)}", Token(n % 2))),
            new("thread, v2, page 1", n => Request.Get(page, Token(n % 2))),
            new($"thread, v2, page {(thread.LastSeq - deep) / PageSize}",
                n => Request.Get($"{page}&before={deep + (n % PageSize)}", Token(n % 2))),
        ];
    }

    private async Task RegisterAsync(ChatableSubject subject, int round, Action<RunResult> add, CancellationToken cancellationToken)
    {
        var run = new RequestRun(subject, Readers, Progress);
        add(await run.RunAsync(Scenarios.Accounts, "register", round, Options.Measured / 2, n => Register(round, n), cancellationToken));
        add(await run.RunAsync(
            Scenarios.Accounts, "log in", round, Options.Measured / 2,
            _ => Request.Post("/api/auth_token", $"username=r{round}x0&password=correct-horse-battery"), cancellationToken));
    }

    private static byte[] Register(int round, long n) => Request.Post(
        "/api/register",
        string.Create(CultureInfo.InvariantCulture,
            $"first_name=R&last_name=X&username=r{round}x{n}&password=correct-horse-battery&phone=9{round:000}{n}")
        + string.Create(CultureInfo.InvariantCulture, $"&email=r{round}x{n}%40example.com"));

    /// <summary>What is asked, by the how-manieth time.</summary>
    private sealed record Read(string Name, Func<long, byte[]> Request);
}
