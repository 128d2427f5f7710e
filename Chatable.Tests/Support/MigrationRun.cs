using Chatable.MigrationService;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chatable.Tests.Support;

/// <summary>The migration service in this process, with the services of its own Program.</summary>
internal static class MigrationRun
{
    public static HostApplicationBuilder CreateBuilder(
        string connectionString, params IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            [new($"ConnectionStrings:{MigrationsExtensions.ConnectionName}", connectionString), .. settings]);
        builder.AddServiceDefaults();
        builder.AddMigrations();
        return builder;
    }

    /// <summary>Runs all scripts, or the given ones instead.</summary>
    /// <returns>The names of the applied scripts.</returns>
    public static async Task<IReadOnlyList<string>> ApplyAsync(
        string connectionString, IReadOnlyList<MigrationScript>? scripts, CancellationToken cancellationToken)
    {
        var builder = CreateBuilder(connectionString);
        if (scripts is not null)
            builder.Services.AddSingleton(scripts);
        using var host = builder.Build();
        return await host.Services.GetRequiredService<Migrator>().RunAsync(cancellationToken);
    }
}
