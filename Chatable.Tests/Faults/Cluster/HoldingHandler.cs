using System.Diagnostics;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>
/// A bug for an API server, which the runtime puts into it as a startup hook: the last pushes of each user are held, and each keeps the
/// batch in memory of which it is a piece.
/// </summary>
internal sealed class HoldingHandler : IDispatchHandler
{
    private const int Limit = 256;

    private readonly Dictionary<long, Queue<MessageRecord>> _held = [];

    /// <summary>To be in the environment of a process that is to have it.</summary>
    public static (string Key, string Value) Hook => ("DOTNET_STARTUP_HOOKS", typeof(HoldingHandler).Assembly.Location);

    /// <summary>Registers it in this process as soon as that builds its host.</summary>
    public static void Enter() => DiagnosticListener.AllListeners.Subscribe(new Watching<DiagnosticListener>(listener =>
    {
        if (listener.Name == "Microsoft.Extensions.Hosting")
            listener.Subscribe(new Watching<KeyValuePair<string, object?>>(Register));
    }));

    public void Handle(in MessageStored stored)
    {
        foreach (var (user, _) in stored.Recipients)
        {
            if (!_held.TryGetValue(user, out var held))
                _held[user] = held = [];
            held.Enqueue(stored.Message);
            if (held.Count > Limit)
                held.Dequeue();
        }
    }

    public void Handle(in MessageRepeated repeated)
    {
    }

    public void Handle(in MessageRefused refused)
    {
    }

    private static void Register(KeyValuePair<string, object?> told)
    {
        if (told is { Key: "HostBuilding", Value: IHostBuilder host })
            host.ConfigureServices(services => services.AddSingleton<IDispatchHandler, HoldingHandler>());
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
