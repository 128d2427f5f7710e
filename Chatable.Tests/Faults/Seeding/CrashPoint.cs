using System.Globalization;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>Steps at which this process was told to die, to prove that it can die anywhere. They have no other effect.</summary>
internal static class CrashPoint
{
    /// <summary>The environment variable that names the step.</summary>
    public const string Variable = "CRASH_AT";

    // About one round trip to PostgreSQL or Redis, so that it dies before, while or after the other side processes the request.
    private static readonly TimeSpan s_roundTrip = TimeSpan.FromMilliseconds(4);

    private static readonly (string Step, int Times) s_at = Parse(Environment.GetEnvironmentVariable(Variable));
    private static int s_reached;

    /// <summary>Dies here, as with <c>kill -9</c>, if this is the step.</summary>
    public static void Reach(string step)
    {
        if (IsNow(step))
            Die(step);
    }

    /// <summary>Dies during the next call, if this is the step.</summary>
    public static void ReachWithin(string step)
    {
        if (!IsNow(step))
            return;
        var wait = s_roundTrip * Random.Shared.NextDouble();
        var began = TimeProvider.System.GetTimestamp();
        new Thread(() =>
        {
            // No system timer is that precise.
            while (TimeProvider.System.GetElapsedTime(began) < wait)
                Thread.SpinWait(20);
            Die(step);
        }).Start();
    }

    // "after_commit", or "after_commit:17" for the 17th time it is reached
    private static (string, int) Parse(string? text) => text?.Split(':') switch
    {
        [var step, var times] => (step, int.Parse(times, CultureInfo.InvariantCulture)),
        [var step] => (step, 1),
        _ => ("", 0),
    };

    private static bool IsNow(string step) => step == s_at.Step && Interlocked.Increment(ref s_reached) == s_at.Times;

    private static void Die(string step) => Environment.FailFast($"Crashed at {step}, as told.");
}
