using System.Diagnostics;
#if CHATABLE_TEST_HOOKS
using System.Globalization;
#endif

namespace Chatable.Messaging.TestHooks;

/// <summary>
/// Places at which a process can be told to die, to prove that no place matters. Debug builds only: a Release build has neither the
/// calls nor a way to ask for them.
/// </summary>
public static class CrashPoint
{
#if CHATABLE_TEST_HOOKS
    private static readonly (string Step, int Times) s_at = Parse(Environment.GetEnvironmentVariable("CHATABLE_CRASH_AT"));
    private static int s_reached;

    // "after_commit", or "after_commit:17" for the seventeenth time it is reached
    private static (string, int) Parse(string? text) => text?.Split(':') switch
    {
        [var step, var times] => (step, int.Parse(times, CultureInfo.InvariantCulture)),
        [var step] => (step, 1),
        _ => ("", 0),
    };
#endif

    /// <summary>Whether CHATABLE_CRASH_AT names this step, so that the process has to come by it.</summary>
    public static bool IsAwaited(string step) =>
#if CHATABLE_TEST_HOOKS
        step == s_at.Step;
#else
        false;
#endif

    /// <summary>Dies here, as by <c>kill -9</c>, where CHATABLE_CRASH_AT names this step.</summary>
    [Conditional("CHATABLE_TEST_HOOKS")]
    public static void Reach(string step)
    {
#if CHATABLE_TEST_HOOKS
        if (step == s_at.Step && Interlocked.Increment(ref s_reached) == s_at.Times)
            Environment.FailFast($"Crashed at {step}, as told.");
#endif
    }
}
