using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>The host that this process builds.</summary>
internal static class RunningHost
{
    private static IHost? s_host;

    /// <summary>Its services; available after it is built.</summary>
    public static IServiceProvider Services => s_host!.Services;

    /// <param name="building">Called with the builder before the host is built.</param>
    public static void Watch(Action<IHostBuilder> building) =>
        DiagnosticListener.AllListeners.Subscribe(new Watching<DiagnosticListener>(listener =>
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
                listener.Subscribe(new Watching<KeyValuePair<string, object?>>(told => Note(told, building)));
        }));

    private static void Note(KeyValuePair<string, object?> told, Action<IHostBuilder> building)
    {
        if (told is { Key: "HostBuilding", Value: IHostBuilder builder })
            building(builder);
        else if (told is { Key: "HostBuilt", Value: IHost host })
            s_host = host;
    }

    private sealed class Watching<T>(Action<T> next) : IObserver<T>
    {
        public void OnNext(T value) => next(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
