using Chatable.MigrationService.Databases;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.MigrationService;

internal static class MigrationsExtensions
{
    public const string ConnectionName = "chatdb";

    public static void AddMigrations(this IHostApplicationBuilder builder)
    {
        // The lock's connection is silent while a long script runs. Without keep-alives, a firewall on the path may drop it.
        builder.AddNpgsqlDataSource(ConnectionName, configureDataSourceBuilder: MigrationLock.LoseWithItsHolder);

        builder.AddKeyedNpgsqlDataSource(
            MigrationLock.ScriptSessions,
            settings =>
            {
                settings.ConnectionString = builder.Configuration.GetConnectionString(ConnectionName);
                settings.DisableHealthChecks = true;
            },
            MigrationLock.HoldInEverySession);

        // The same server, through a database that always exists, to create a missing one.
        builder.AddKeyedNpgsqlDataSource(
            DatabaseCreation.MaintenanceDatabase,
            settings =>
            {
                settings.ConnectionString = builder.Configuration.GetConnectionString(ConnectionName);
                settings.DisableHealthChecks = true;
            },
            DatabaseCreation.UseMaintenanceDatabase);

        builder.Services.AddOptions<MigrationOptions>().BindConfiguration(MigrationOptions.Section).ValidateOnStart()
            .Validate(options => options.HasWholeServiceRole, "Migrations:ServiceRole and Migrations:ServicePassword go together.")
            .Validate(
                options => options.HasPlainServiceRole,
                "Migrations:ServiceRole must be up to 63 lower-case letters, digits and '_', and not begin with a digit.")
            .Validate(
                options => options.HasPlainServicePassword,
                "Migrations:ServicePassword must be at least 12 printable characters of ASCII.");
        builder.Services.AddSingleton<IValidateOptions<MigrationOptions>, MigrationOptionsValidator>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => MigrationScript.Embedded);
        builder.Services.AddSingleton<DatabaseCreation>();
        builder.Services.AddSingleton<ServiceRole>();
        builder.Services.AddSingleton<Migrator>();
    }

    /// <summary>Brings the schema up to date and ends.</summary>
    /// <returns>
    /// The process's exit code: 0, or 1 if the schema may not be what the services need. An unhandled exception of a background service
    /// would not do: .NET 10 then still exits with 0, and whatever waits for this process continues.
    /// </returns>
    public static async Task<int> RunMigrationsAsync(this IHost host)
    {
        var logger = host.Services.GetRequiredService<ILogger<Migrator>>();
        try
        {
            await host.StartAsync();
            var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            await host.Services.GetRequiredService<Migrator>().RunAsync(stopping);
            await host.StopAsync();
            return 0;
        }
        catch (Exception exception)
        {
            // Catches everything, because every failure means the same: not migrated. Npgsql keeps connection strings out of its messages.
            Log.MigrationFailed(logger, Reason(exception), exception is MigrationException or NpgsqlException ? null : exception);
            return 1;
        }
    }

    // "Exception while performing SSL handshake" alone says nothing: the cause is in the inner exception.
    private static string Reason(Exception exception) => exception switch
    {
        OperationCanceledException => "it was told to stop.",
        NpgsqlException { InnerException: { } cause } => $"{exception.Message}: {cause.Message}",
        _ => exception.Message,
    };
}
