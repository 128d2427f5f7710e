using System.Diagnostics.Metrics;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>Reports on standard error why this process read envelopes that no push had delivered, so that a run can count them.</summary>
internal static class RepairTrace
{
    private static MeterListener? s_listener;

    public static void Begin()
    {
        s_listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "chatable.realtime.repaired")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        s_listener.SetMeasurementEventCallback<long>((_, envelopes, tags, _) => Note(envelopes, tags));
        s_listener.Start();
    }

    // "repaired: hold 3"
    private static void Note(long envelopes, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (key, cause) in tags)
        {
            if (key == "cause" && envelopes > 0)
                Console.Error.WriteLine($"repaired: {cause} {envelopes}");
        }
    }
}
