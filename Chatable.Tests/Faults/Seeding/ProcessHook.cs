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
        HeapReport.Offer();
        RepairTrace.Begin();
        RunningHost.Watch(host =>
        {
            if (SeededBug.Is(HoldingHandler.Bug))
                host.ConfigureServices((_, services) => services.AddSingleton<IDispatchHandler, HoldingHandler>());
        });
    }
}
