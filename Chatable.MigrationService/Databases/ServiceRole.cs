using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.MigrationService.Databases;

/// <summary>
/// The database role of the services. It reads and writes rows, and can change neither the schema nor the journal of migrations, nor
/// anything in another database. The schema's owner creates or updates it with every migration, if it is configured.
/// </summary>
internal sealed class ServiceRole(
    NpgsqlDataSource database, IOptions<MigrationOptions> options, TimeProvider time, ILogger<ServiceRole> logger)
{
    // RFC 7677, and PostgreSQL's own default.
    private const int Iterations = 4096, SaltBytes = 16;

    private const int Attempts = 10;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    // The last one is "tuple concurrently updated".
    private static readonly string[] s_raced =
        [PostgresErrorCodes.DuplicateObject, PostgresErrorCodes.UniqueViolation, PostgresErrorCodes.InternalError];

    /// <exception cref="NpgsqlException">Our role may not create roles, or a role of that name belongs to another user.</exception>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (options.Value is not { ServiceRole: { Length: > 0 } name, ServicePassword: { Length: > 0 } password })
            return;

        // Roles belong to the whole server, so migrations of other databases may create the same role now. The driver treats PostgreSQL's
        // error for that as the end of the connection, so each attempt opens a new one.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                await ApplyAsync(connection, name, password, cancellationToken);
                Log.ServiceRoleReady(logger, name);
                return;
            }
            catch (PostgresException exception) when (attempt < Attempts && s_raced.Contains(exception.SqlState))
            {
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, string name, string password, CancellationToken cancellationToken)
    {
        using var quoting = new NpgsqlCommandBuilder();
        var (role, databaseName) = (quoting.QuoteIdentifier(name), quoting.QuoteIdentifier(connection.Database!));
        var verb = await ExistsAsync(connection, name, cancellationToken) ? "ALTER" : "CREATE";
        // A schema from before PostgreSQL 15 lets everyone create tables.
        await using var command = new NpgsqlCommand(
            $"""
            {verb} ROLE {role} LOGIN PASSWORD '{Verifier(password)}';
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            GRANT CONNECT ON DATABASE {databaseName} TO {role};
            GRANT USAGE ON SCHEMA public TO {role};
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role};
            REVOKE INSERT, UPDATE ON public.{Migrator.JournalTable} FROM {role};
            GRANT DELETE ON public.auth_tokens TO {role};
            """,
            connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Returns the verifier that PostgreSQL stores for a password. Computed here, so that the password reaches neither the network nor a
    /// server's log.
    /// </summary>
    // SCRAM-SHA-256$4096:salt$StoredKey:ServerKey, all three in Base64 (RFC 5803)
    internal static string Verifier(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var storedKey = SHA256.HashData(Keyed("Client Key"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(Keyed("Server Key"))}");

        byte[] Keyed(string text) => HMACSHA256.HashData(salted, Encoding.ASCII.GetBytes(text));
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT FROM pg_roles WHERE rolname = $1", connection)
        {
            Parameters = { new NpgsqlParameter { Value = name } },
        };
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken);
    }
}
