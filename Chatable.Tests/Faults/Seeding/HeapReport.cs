using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>
/// On SIGUSR2 this process reports our gauges, collects and compacts its heap, and reports on standard error what is left. This
/// distinguishes what a run has leaked from what is only not collected yet.
/// </summary>
internal static class HeapReport
{
    private static PosixSignalRegistration? s_registration;

    public static void Offer()
    {
        // For signals without a name in .NET, the number depends on the platform.
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
