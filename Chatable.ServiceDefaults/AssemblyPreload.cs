using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Loads every assembly that the process may need, in the background at startup. The runtime loads an assembly on first use, and caches a
/// failure forever. A process that had no file descriptor left at that moment would stay broken even after descriptors become available.
/// </summary>
internal sealed class AssemblyPreload : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => LoadAll(stoppingToken), stoppingToken);

    private static void LoadAll(CancellationToken stoppingToken)
    {
        var known = new HashSet<string>();
        var waiting = new Queue<Assembly>([Assembly.GetEntryAssembly()!]);
        while (!stoppingToken.IsCancellationRequested && waiting.TryDequeue(out var assembly))
        {
            foreach (var name in assembly.GetReferencedAssemblies().Where(name => known.Add(name.FullName)))
            {
                if (TryLoad(name) is { } loaded)
                    waiting.Enqueue(loaded);
            }
        }
    }

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            // Referenced for another platform, and never used here.
            return null;
        }
    }
}
