using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// On SIGUSR2 this process collects and compacts its heap and says on its standard error what is left, so that what a run has made it keep
/// is told from what it has only not yet given back; and before that what our gauges show.
/// </summary>
internal static class HeapReport
{
    private static PosixSignalRegistration? s_registration;

    public static void Offer()
    {
        // Signals' numbers are the platform's own where .NET has no name for them.
        if (OperatingSystem.IsLinux())
            s_registration = PosixSignalRegistration.Create((PosixSignal)12, Report);
    }

    private static void Report(PosixSignalContext context)
    {
        context.Cancel = true;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        ReportGauges();
        // "heap: 12345678"
        Console.Error.WriteLine($"heap: {GC.GetTotalMemory(forceFullCollection: false)}");
    }

    private static void ReportGauges()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.IsObservable && instrument.Meter.Name.StartsWith("Chatable.", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        // "gauge: chatable.realtime.connections 12"
        listener.SetMeasurementEventCallback<int>(
            (instrument, value, _, _) => Console.Error.WriteLine($"gauge: {instrument.Name} {value}"));
        listener.Start();
        listener.RecordObservableInstruments();
    }
}
