using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Chatable.Bench.Load.Sockets;

/// <summary>
/// A thread with all its links: whatever belongs to a link is touched by this thread only. What links have to send is gathered while
/// a round of events is handled and goes out at its end, in one call a link.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const long MaxWaitNanoseconds = 5_000_000;
    private const int ReceiveBytes = 256 * 1024;

    private readonly Poll _poll = new();
    private readonly List<Link?> _links = [];
    private readonly Stack<int> _free = [];
    private readonly List<int> _justFreed = [];
    private readonly List<Link> _dirty = [];
    // Orders come from the few tasks that run a measurement, and are taken within milliseconds.
    private readonly ConcurrentQueue<(Action Action, bool IsQuestion)> _posted = [];
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(ReceiveBytes);
    private readonly Thread _thread;
    private volatile bool _stopped;

    public EventLoop()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "load" };
        _thread.Start();
    }

    /// <summary>What broke the thread, if anything did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The moment of the events being handled, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Now { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Called each round with the time; returns when it wants to be called again at the latest.</summary>
    public Func<long, long>? Pacer { get; set; }

    /// <summary>Runs on the loop's thread, soon.</summary>
    public void Post(Action action) => _posted.Enqueue((action, IsQuestion: false));

    /// <summary>The same, to be waited for.</summary>
    public Task<T> AskAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _posted.Enqueue((() =>
        {
            try
            {
                if (Failure is { } broken)
                    throw new InvalidOperationException("The load generator broke.", broken);
                answer.SetResult(question());
            }
            catch (Exception failure)
            {
                answer.SetException(failure);
            }
        }, IsQuestion: true));
        return answer.Task;
    }

    /// <summary>Begins a connection; on the loop's thread only.</summary>
    public Link Connect(IPEndPoint server, LinkHandler handler)
    {
        var number = _free.Count > 0 ? _free.Pop() : _links.Count;
        if (number == _links.Count)
            _links.Add(null);
        return _links[number] = Link.Open(this, _poll, number, server, handler);
    }

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
        foreach (var link in _links.ToArray())
            link?.Close("the end of the run");
        _poll.Dispose();
    }

    internal void HasOutput(Link link) => _dirty.Add(link);

    internal void Gone(Link link)
    {
        _links[link.Number] = null;
        _justFreed.Add(link.Number);
    }

    private void Run()
    {
        try
        {
            while (!_stopped)
                RunRound();
        }
        catch (Exception failure)
        {
            Failure = failure;
            RefuseUntilStopped();
        }
    }

    // Whoever asks is told, rather than left waiting; orders nobody waits for are dropped.
    private void RefuseUntilStopped()
    {
        for (; !_stopped; Thread.Sleep(10))
        {
            while (_posted.TryDequeue(out var posted))
            {
                if (posted.IsQuestion)
                    posted.Action();
            }
        }
    }

    private void RunRound()
    {
        Now = Stopwatch.GetTimestamp();
        var due = Pacer?.Invoke(Now) ?? long.MaxValue;
        Flush();
        var ready = _poll.Wait(WaitUntil(due));
        for (var i = 0; i < ready; i++)
        {
            var (number, events) = _poll[i];
            Now = Stopwatch.GetTimestamp();
            // One that was closed a moment ago in the same round has no events any more.
            _links[number]?.Handle(events, _buffer);
        }

        while (_posted.TryDequeue(out var posted))
            posted.Action();
        Flush();
        // Not before the round is over: it may still hold events of those that had the numbers.
        foreach (var number in _justFreed)
            _free.Push(number);
        _justFreed.Clear();
    }

    private long WaitUntil(long due)
    {
        if (!_posted.IsEmpty)
            return 0;
        return due == long.MaxValue
            ? MaxWaitNanoseconds
            : Math.Clamp((long)Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalNanoseconds, 0, MaxWaitNanoseconds);
    }

    private void Flush()
    {
        // By index: sending may close a link, which tells its handler, which may have something to send elsewhere.
        for (var i = 0; i < _dirty.Count; i++)
            _dirty[i].Flush();
        _dirty.Clear();
    }
}
