using Chatable.LocalHosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chatable.LocalHosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly ResourceCollection _resources = [];
    private readonly TestingSession? _testing;

    public DistributedApplicationBuilder(string[] args, TestingSession? testing = null)
    {
        _testing = testing ?? TestingSession.Current;
        var appHost = AppHostAssembly.Find(_testing?.EntryPoint);
        AppHostDirectory = appHost.Directory;
        _host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ApplicationName = appHost.Name,
            ContentRootPath = appHost.Directory,
        });
        _host.Logging.ClearProviders();
        _host.Services.AddHttpClient();
        Options = EngineOptions.Read(_host.Configuration, isTest: _testing is not null) with
        {
            WantsHelp = args.Contains("--help") || args.Contains("-h"),
        };
        if (Options.IsTest)
            _host.Services.AddSingleton<IHostLifetime, TestLifetime>();
        else if (appHost.UserSecretsId is { } id)
            UserSecrets = UserSecretsFile.For(id);
        if (!Options.IsTest)
            AppDomain.CurrentDomain.UnhandledException += TellInOneSentence;
        if (UserSecrets is not null)
            LoadSecrets(UserSecrets);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public IResourceCollection Resources => _resources;

    public UserSecretsFile? UserSecrets { get; }

    internal EngineOptions Options { get; }

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (_resources.Any(other => other.Name.Equals(resource.Name, StringComparison.OrdinalIgnoreCase)))
            throw new DistributedApplicationException($"The topology already has a resource named '{resource.Name}'.");
        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(resource, this);

    public DistributedApplication Build()
    {
        // A test takes over here: the rest of the AppHost's entry point, Run(), is not for it.
        _testing?.Intercept(this);
        return BuildApplication();
    }

    internal DistributedApplication BuildApplication()
    {
        _host.Services.AddSingleton(new DistributedApplicationModel(_resources));
        _host.Services.AddSingleton(Options);
        _host.Services.AddSingleton<ResourceNotificationService>();
        _host.Services.AddSingleton<ResourceOutput>();
        _host.Services.AddSingleton<Topology>();
        _host.Services.AddSingleton(services => new ResourceCommandService(services.GetRequiredService<Topology>()));
        _host.Services.AddHostedService(services => services.GetRequiredService<Topology>());
        _host.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        _host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Options.StopTimeout * 3);
        return new(_host.Build());
    }

    // Below everything else, so that the environment and the command line win.
    private void LoadSecrets(UserSecretsFile secrets)
    {
        var source = new JsonConfigurationSource { Path = secrets.Path, Optional = true };
        source.ResolveFileProvider();
        try
        {
            ((IConfigurationBuilder)Configuration).Sources.Insert(0, source);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The user secrets '{secrets.Path}' cannot be read: {e.Message}", e);
        }
    }

    // Between CreateBuilder and Run the AppHost's own code is on the stack, and nobody there catches anything.
    private static void TellInOneSentence(object sender, UnhandledExceptionEventArgs e)
    {
        if (e.ExceptionObject is not DistributedApplicationException told)
            return;
        ConsoleText.WriteError(told.Message);
        System.Environment.Exit(1);
    }

    private sealed class ResourceCollection : List<IResource>, IResourceCollection;

    /// <summary>Ctrl+C and SIGTERM belong to the test runner.</summary>
    private sealed class TestLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
