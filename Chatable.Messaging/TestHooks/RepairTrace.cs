using System.Diagnostics;

namespace Chatable.Messaging.TestHooks;

/// <summary>Says on a Debug build's standard error why envelopes were read that no push had brought, so that a run can count it.</summary>
public static class RepairTrace
{
    [Conditional("CHATABLE_TEST_HOOKS")]
    public static void Note(string cause, int envelopes)
    {
#if CHATABLE_TEST_HOOKS
        // "repaired: hold 3"
        if (envelopes > 0 && s_isOn)
            Console.Error.WriteLine($"repaired: {cause} {envelopes}");
#endif
    }

#if CHATABLE_TEST_HOOKS
    private static readonly bool s_isOn = Environment.GetEnvironmentVariable("CHATABLE_TRACE_REPAIRS") == "1";
#endif
}
