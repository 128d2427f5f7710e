using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chatable.Tests.Faults.History;

/// <summary>The history of one run: in memory for the checker, in a file for the analysis of a violation.</summary>
internal sealed class EventLog : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly Lock _gate = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly string _run;
    private readonly StreamWriter? _file;
    private int _connections;

    /// <param name="run">The name of the run.</param>
    /// <param name="folder">The folder of the file <c>{run}.jsonl</c>; null for no file.</param>
    public EventLog(string run, string? folder)
    {
        _run = run;
        if (folder is not null)
            _file = new StreamWriter(Path.Combine(Directory.CreateDirectory(folder).FullName, $"{run}.jsonl"));
    }

    /// <summary>Microseconds since the run began.</summary>
    public long Now => (long)Stopwatch.GetElapsedTime(_began).TotalMicroseconds;

    public int NextConnection() => Interlocked.Increment(ref _connections);

    /// <summary>Adds an event with the current time; the log has the order of the calls.</summary>
    public void Add(Func<long, HistoryEvent> create)
    {
        lock (_gate)
        {
            var one = create(Now) with { Run = _run };
            _events.Add(one);
            _file?.WriteLine(JsonSerializer.Serialize(one, s_json));
        }
    }

    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    public static HistoryEvent Parse(string line) => JsonSerializer.Deserialize<HistoryEvent>(line, s_json)!;

    public void Dispose()
    {
        lock (_gate)
            _file?.Dispose();
    }
}
