#if CHATABLE_TEST_HOOKS
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chatable.Messaging.TestHooks;

/// <summary>
/// On SIGUSR2 a Debug build collects and compacts its heap and says on its standard error what is left, so that what a run has made a
/// process keep is told from what it has only not yet given back; and before that what our gauges show. CHATABLE_REPORT_HEAP=1 asks for it.
/// </summary>
internal static class HeapReport
{
    private static PosixSignalRegistration? s_registration;

    // So that no product code has to know of it.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Offer()
    {
        // Signals' numbers are the platform's own where .NET has no name for them.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("CHATABLE_REPORT_HEAP") == "1")
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
#endif
