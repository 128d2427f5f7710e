using System.Collections.Concurrent;
using System.Diagnostics;

namespace Chatable.LocalHosting;

/// <summary>
/// Starts all child processes on one thread that lives as long as this process. The kernel sends the parent-death signal when the
/// <em>thread</em> that started a child ends, so a pool thread, which may retire, would take healthy children with it.
/// </summary>
internal static class SpawnThread
{
    // A caller waits for its own start, so the queue is never longer than the number of resources.
    private static readonly BlockingCollection<Action> s_starts = new(boundedCapacity: 256);

    static SpawnThread()
    {
        var thread = new Thread(() =>
        {
            foreach (var start in s_starts.GetConsumingEnumerable())
                start();
        })
        { IsBackground = true, Name = "Child processes" };
        thread.Start();
    }

    public static Task StartAsync(Process process)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        s_starts.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }
}
