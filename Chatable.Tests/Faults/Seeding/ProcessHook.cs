using System.Reflection;
using System.Runtime.Loader;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>What every process of a cluster does beside its program.</summary>
internal static class ProcessHook
{
    /// <summary>To be in the environment of a process that is to have it.</summary>
    public static (string Key, string Value) Variable => ("DOTNET_STARTUP_HOOKS", typeof(ProcessHook).Assembly.Location);

    public static void Begin()
    {
        // A woven program refers to the tests, and whoever looks at all types of what it refers to needs what the tests refer to.
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
