using System.Reflection;
using System.Runtime.Loader;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>What every process of a cluster does in addition to its program.</summary>
internal static class ProcessHook
{
    /// <summary>The environment variable that enables it in a process.</summary>
    public static (string Key, string Value) Variable => ("DOTNET_STARTUP_HOOKS", typeof(ProcessHook).Assembly.Location);

    public static void Begin()
    {
        // A woven program references the tests, and code that inspects all referenced types also needs the tests' dependencies.
        AssemblyLoadContext.Default.Resolving += FindBesideTheTests;
        HeapReport.Offer();
        RepairTrace.Begin();
        RunningHost.Watch(host =>
        {
            if (SeededBug.Is(HoldingHandler.Bug))
                host.ConfigureServices((_, services) => services.AddSingleton<IDispatchHandler, HoldingHandler>());
        });
    }

    private static Assembly? FindBesideTheTests(AssemblyLoadContext context, AssemblyName name)
    {
        var file = Path.Combine(Path.GetDirectoryName(typeof(ProcessHook).Assembly.Location)!, $"{name.Name}.dll");
        return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
    }
}
