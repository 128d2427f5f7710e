using System.Collections.Concurrent;

namespace Chatable.LocalHosting;

/// <summary>
/// What the processes print: to the console, to a file per resource, and the last lines for the sentence about a failure.
/// </summary>
internal sealed class ResourceOutput : IDisposable
{
    private const int LinesKept = 20;

    private readonly ConcurrentDictionary<string, Tail> _tails = new();
    private readonly string? _folder;

    public ResourceOutput(EngineOptions options)
    {
        _folder = options.LogFolder;
        if (_folder is not null)
            Directory.CreateDirectory(_folder);
    }

    /// <summary>Called with every line of every process, from any thread.</summary>
    public Action<ResourceInstance, string>? OnLine { get; set; }

    public void Write(ResourceInstance instance, string line)
    {
        _tails.GetOrAdd(instance.Id, _ => new(_folder is null ? null : Path.Combine(_folder, $"{instance.Id}.log"))).Add(line);
        OnLine?.Invoke(instance, line);
    }

    /// <summary>The last lines of a process, on lines of their own; empty where it printed nothing.</summary>
    public string LastWords(ResourceInstance instance) => _tails.TryGetValue(instance.Id, out var tail) ? tail.ToString() : "";

    public void Dispose()
    {
        foreach (var tail in _tails.Values)
            tail.Dispose();
    }

    private sealed class Tail(string? file) : IDisposable
    {
        private readonly Queue<string> _lines = new(LinesKept);
        private readonly StreamWriter? _file = file is null ? null : new(file, append: true) { AutoFlush = true };

        public void Add(string line)
        {
            lock (_lines)
            {
                if (_lines.Count == LinesKept)
                    _lines.Dequeue();
                _lines.Enqueue(line);
                _file?.WriteLine(line);
            }
        }

        public override string ToString()
        {
            lock (_lines)
                return string.Concat(_lines.Select(line => $"{Environment.NewLine}    {line}"));
        }

        public void Dispose()
        {
            lock (_lines)
                _file?.Dispose();
        }
    }
}
