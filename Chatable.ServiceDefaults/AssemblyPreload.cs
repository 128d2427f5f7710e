using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Loads, beside the start, every assembly the process may come to need. The runtime loads each when it is first used, and remembers for
/// ever that it could not: a process that had no file descriptor left at that moment would be crippled after it has some again.
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
            // Referred to for another platform, and never used here.
            return null;
        }
    }
}
