using Chatable.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.Tests.Unit.ServiceDefaults;

public sealed class FailureExitCodeTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>The exit code belongs to the whole test process, so it is restored at once.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task OnlyABackgroundServiceThatFailsGivesTheProcessAnExitCode(bool fails, int exitCode)
    {
        var before = Environment.ExitCode;
        try
        {
            Environment.ExitCode = 0;
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.AddServiceDefaults();
            builder.Services.AddHostedService(services =>
                new Ending(fails, services.GetRequiredService<IHostApplicationLifetime>()));
            using var host = builder.Build();

            await host.RunAsync(TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);

            Assert.Equal(exitCode, Environment.ExitCode);
        }
        finally
        {
            Environment.ExitCode = before;
        }
    }

    private sealed class Ending(bool fails, IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            if (fails)
                throw new InvalidOperationException("nobody has foreseen this");
            lifetime.StopApplication();
        }
    }
}
