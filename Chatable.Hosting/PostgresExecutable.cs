using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chatable.Hosting;

/// <summary>A PostgreSQL server that runs as a process. Its user is <c>postgres</c>.</summary>
public sealed class PostgresExecutableResource(string name, ParameterResource password)
    : ServerExecutableResource(name, "postgres.sh", password)
{
    /// <summary><c>Host=…;Port=…;Username=postgres;Password=…</c></summary>
    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"Host={PrimaryEndpoint.Property(EndpointProperty.Host)};Port={PrimaryEndpoint.Property(EndpointProperty.Port)};Username=postgres;Password={PasswordParameter}");
}

public static class PostgresExecutableBuilderExtensions
{
    /// <summary>Adds a PostgreSQL server that runs as a process. Requires an installed PostgreSQL 15 or later.</summary>
    /// <param name="builder">The distributed application.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="password">
    /// The password, without semicolons and quotes, which would end it in a connection string. If omitted, one is generated and kept in the
    /// user secrets.
    /// </param>
    public static IResourceBuilder<PostgresExecutableResource> AddPostgresExecutable(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<ParameterResource>? password = null)
    {
        var secret = password?.Resource
            ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password");
        var connectionString = "";
        builder.Services.AddHealthChecks().AddNpgSql(_ => $"{connectionString};Database=postgres", name: $"{name}_check");
        PatientCheck.Use(builder.Services, $"{name}_check");
        return builder.AddServer(new PostgresExecutableResource(name, secret), "DatabaseMultiple")
            .OnConnectionStringAvailable(async (server, _, cancellationToken) =>
                connectionString = await server.ConnectionStringExpression.GetValueAsync(cancellationToken))
            .WithHealthCheck($"{name}_check");
    }

    /// <summary>Adds a database, which is created on the server if it is missing.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The name of the resource, of the connection string and of the database.</param>
    public static IResourceBuilder<ConnectionStringResource> AddDatabase(
        this IResourceBuilder<PostgresExecutableResource> builder, [ResourceName] string name)
    {
        var connectionString = "";
        builder.ApplicationBuilder.Services.AddHealthChecks().AddNpgSql(_ => connectionString, name: $"{name}_check");
        PatientCheck.Use(builder.ApplicationBuilder.Services, $"{name}_check");
        builder.OnResourceReady((server, _, cancellationToken) => CreateDatabaseAsync(server, name, cancellationToken));
        return builder.ApplicationBuilder
            .AddConnectionString(name, ReferenceExpression.Create($"{builder};Database={name}"))
            .OnConnectionStringAvailable(async (database, _, cancellationToken) =>
                connectionString = await database.ConnectionStringExpression.GetValueAsync(cancellationToken))
            .WithParentRelationship(builder)
            .WithIconName("Database")
            .WithHealthCheck($"{name}_check");
    }

    private static async Task CreateDatabaseAsync(PostgresExecutableResource server, string name, CancellationToken cancellationToken)
    {
        var administration = await server.ConnectionStringExpression.GetValueAsync(cancellationToken);
        await using var connection = new NpgsqlConnection($"{administration};Database=postgres;Pooling=false");
        await connection.OpenAsync(cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand($"CREATE DATABASE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // A kept data folder already contains the database.
        }
    }
}
