using System.Diagnostics;
using Chatable.Bench.CommandLine;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;

namespace Chatable.Bench.Sessions;

/// <summary>How soon one more replica beside those that run can be given users.</summary>
internal sealed class StartPhase(BenchOptions options, Progress progress) : Phase(options, progress)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public override async Task RunAsync(Action<RunResult> add, CancellationToken cancellationToken)
    {
        if (!IsAskedFor(Scenarios.Start) || !IsAskedForSubject(SubjectNames.Chatable))
            return;
        Progress.Step("starting chatable");
        await using var subject = await ChatableSubject.StartAsync(cancellationToken);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        foreach (var round in Rounds)
        {
            var port = ServerProcess.FreePort();
            var begun = Stopwatch.GetTimestamp();
            var healthy = WaitForHealthAsync(http, new Uri($"http://127.0.0.1:{port}/health"), cancellationToken);
            using var replica = await subject.StartReplicaAsync(subject.Replicas + round, port, cancellationToken);
            await healthy;
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            add(new RunResult
            {
                Scenario = Scenarios.Start,
                Subject = subject.Name,
                Protocol = "/health",
                Round = round,
                Seconds = Math.Round(seconds, 2),
                PerSecond = Math.Round(1 / seconds, 2),
                Extra = new() { ["healthy after s"] = Math.Round(seconds, 2) },
            });
        }
    }

    private static async Task WaitForHealthAsync(HttpClient http, Uri health, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(health, limit.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Nobody listens yet.
            }

            await Task.Delay(10, limit.Token);
        }
    }
}
