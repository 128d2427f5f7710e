using System.Diagnostics.Metrics;

namespace Chatable.Tests.Support;

/// <summary>What one instrument of one meter factory has measured: the sum of a counter, the last value of a gauge.</summary>
internal sealed class CounterReading : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _total;

    public CounterReading(IMeterFactory meters, string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument && ReferenceEquals(published.Meter.Scope, meters))
                listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<long>((measured, value, _, _) => Take(measured, value));
        _listener.SetMeasurementEventCallback<int>((measured, value, _, _) => Take(measured, value));
        _listener.Start();
    }

    public long Total
    {
        get
        {
            _listener.RecordObservableInstruments();
            return Interlocked.Read(ref _total);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument measured, long value)
    {
        if (measured.IsObservable)
            Interlocked.Exchange(ref _total, value);
        else
            Interlocked.Add(ref _total, value);
    }
}
