using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.LocalHosting;

/// <summary>What a person sees of a running topology.</summary>
internal sealed class ConsoleReport
{
    private const string Help = """
        Runs the topology as plain processes on this machine, until Ctrl+C.

          --logs FOLDER                  also write what each process prints to a file of its own
          --LocalHosting:Volumes FOLDER  where the databases keep their data
          --ConnectionStrings:NAME TEXT  use a server or database that is already there
          --{Key} VALUE                  any other setting of the AppHost's configuration
        """;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ConsoleText _text = new();
    private readonly Dictionary<string, string> _shown = [];
    private readonly EngineOptions _options;
    private readonly Topology _topology;
    private readonly DistributedApplicationModel _model;
    private readonly ResourceNotificationService _notifications;
    private readonly IHostApplicationLifetime _lifetime;
    private bool _isUp;

    public ConsoleReport(IServiceProvider services)
    {
        _options = services.GetRequiredService<EngineOptions>();
        _topology = services.GetRequiredService<Topology>();
        _model = services.GetRequiredService<DistributedApplicationModel>();
        _notifications = services.GetRequiredService<ResourceNotificationService>();
        _lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        services.GetRequiredService<ResourceOutput>().OnLine = (instance, line) => _text.Write(instance.Id, line);
    }

    /// <summary>Answers a request for help, and refuses one for publishing; true where there is nothing to run.</summary>
    public bool AnswersInstead(out int exitCode)
    {
        exitCode = _options.WantsPublishing && !_options.WantsHelp ? 1 : 0;
        if (_options.WantsHelp)
            Console.Out.WriteLine(Help);
        else if (_options.WantsPublishing)
            ConsoleText.WriteError("Publishing needs Aspire: build the AppHost with -p:UseAspire=true.");
        return _options.WantsHelp || _options.WantsPublishing;
    }

    public void Begin()
    {
        if (!ProcessGuard.ChildrenDieWithParent)
            ConsoleText.WriteError("'setpriv' is not on this machine: if this process is killed, its child processes stay.");
        _notifications.Subscribe(Show);
    }

    // One line for each change a person cares about; the start of a process is worth none, its running is.
    private void Show(ResourceEvent e)
    {
        var state = e.Snapshot.State?.Text;
        var isChecked = e.Resource.Annotations.OfType<HealthCheckAnnotation>().Any();
        var shown = isChecked && ResourceNotificationService.IsHealthy(e) ? "Healthy" : state;
        if (e.Resource is ParameterResource && state != KnownResourceStates.FailedToStart)
            return;
        if (shown is null || shown == KnownResourceStates.Starting || _shown.GetValueOrDefault(e.ResourceId) == shown)
            return;

        _shown[e.ResourceId] = shown;
        if (e.Snapshot.State?.Style == "error" || state == KnownResourceStates.FailedToStart)
            ConsoleText.WriteError($"{e.ResourceId}: {shown}. {e.Snapshot.Reason}");
        else
            _text.WriteState(e.ResourceId, Describe(e, shown));
        if (state == KnownResourceStates.FailedToStart)
            _lifetime.StopApplication();
        else if (!_isUp && (_isUp = IsUp()))
            WriteTable();
    }

    private string Describe(ResourceEvent e, string state)
    {
        var instance = _topology.Instances.FirstOrDefault(instance => instance.Id == e.ResourceId);
        var ports = e.Resource is ServerResource { Port: > 0 } server && instance is not null
            ? [server.Port]
            : instance?.Ports.Values ?? [];
        var processId = e.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
        if (state != KnownResourceStates.Running || processId is null)
            return state;
        var scheme = e.Resource is ProjectResource ? "http://" : "";
        var address = string.Concat(ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"  {scheme}localhost:{port}")));
        return string.Create(CultureInfo.InvariantCulture, $"{state}{address}  process {processId}");
    }

    private bool IsUp() => _topology.Instances.Count > 0 && _topology.Instances.All(instance =>
        _notifications.TryGetCurrentState(instance.Id, out var e)
        && (ResourceNotificationService.IsHealthy(e) || (e.Snapshot.HasEnded && e.Snapshot.ExitCode == 0)));

    private void WriteTable()
    {
        var urls = _model.Resources.OfType<ProjectResource>()
            .SelectMany(project => project.Endpoints, (project, endpoint) => (project.Name, endpoint))
            .Where(row => row.endpoint.AllocatedEndpoint is not null)
            .OrderByDescending(row => row.endpoint.IsExternal).ToList();
        var width = urls.Select(row => row.Name.Length).DefaultIfEmpty().Max();
        Console.Out.WriteLine();
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Everything is up after {Stopwatch.GetElapsedTime(_started).TotalSeconds:0.0} s."));
        foreach (var (name, endpoint) in urls)
            Console.Out.WriteLine($"  {name.PadRight(width)}  {endpoint.AllocatedEndpoint!.UriString}");
        Console.Out.WriteLine("Ctrl+C stops it.");
        Console.Out.WriteLine();
    }
}
