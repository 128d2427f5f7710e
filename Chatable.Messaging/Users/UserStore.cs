using Npgsql;

namespace Chatable.Messaging.Users;

/// <summary>The table <c>users</c>.</summary>
public sealed class UserStore(NpgsqlDataSource database)
{
    // One statement, and so one transaction: a user without a head row could not receive messages.
    private const string CreateSql = """
        WITH created AS (
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT DO NOTHING
            RETURNING id
        ), head AS (
            INSERT INTO user_heads (user_id) SELECT id FROM created
        )
        SELECT id FROM created
        """;

    private const string FindTakenSql = """
        SELECT EXISTS (SELECT FROM users WHERE lower(username COLLATE "C") = lower($1 COLLATE "C")),
               EXISTS (SELECT FROM users WHERE lower(email COLLATE "C") = lower($2 COLLATE "C")),
               EXISTS (SELECT FROM users WHERE phone_number = $3)
        """;

    // Matches the unique index. Without the explicit collation the database's would apply: a Turkish one lower-cases I differently.
    private const string ByName = """lower(username COLLATE "C") = lower($1 COLLATE "C")""";

    /// <returns>The new user's id, or null if the username, the email or the phone number is taken.</returns>
    public Task<long?> CreateAsync(NewUser user, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(CreateSql, connection);
            foreach (var value in (string[])
                [user.Username, user.Email, user.PhoneNumber, user.FirstName, user.LastName, user.PasswordHash])
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            }

            return (long?)await command.ExecuteScalarAsync(CancellationToken.None);
        }, cancellationToken);

    /// <returns>The unique fields that another user already has.</returns>
    public Task<TakenFields> FindTakenAsync(NewUser user, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(FindTakenSql, connection);
            foreach (var value in (string[])[user.Username, user.Email, user.PhoneNumber])
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            await reader.ReadAsync(CancellationToken.None);
            return new TakenFields(reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2));
        }, cancellationToken);

    public Task<LoginRecord?> FindForLoginAsync(string username, CancellationToken cancellationToken) => FindAsync(
        "SELECT id, password_hash, is_active FROM users WHERE " + ByName, username,
        static row => new LoginRecord(row.GetInt64(0), row.GetString(1), row.GetBoolean(2)), cancellationToken);

    public Task<UserRecord?> FindByUsernameAsync(string username, CancellationToken cancellationToken) => FindAsync(
        "SELECT id, username, is_active FROM users WHERE " + ByName, username,
        static row => new UserRecord(row.GetInt64(0), row.GetString(1), row.GetBoolean(2)), cancellationToken);

    /// <summary>Replaces a hash by one with newer parameters, unless the password has changed in the meantime.</summary>
    public Task UpdatePasswordHashAsync(long userId, string oldHash, string newHash, CancellationToken cancellationToken) =>
        database.AskAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(
                "UPDATE users SET password_hash = $3, modified_at = now() WHERE id = $1 AND password_hash = $2", connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = userId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = oldHash });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = newHash });
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        }, cancellationToken);

    private async Task<T?> FindAsync<T>(
        string sql, string username, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) where T : class
    {
        // No user has such a name, and PostgreSQL would not accept some of them at all.
        if (!Username.IsWellFormed(username))
            return null;

        return await database.ReadAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = username });
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            return await reader.ReadAsync(CancellationToken.None) ? read(reader) : null;
        }, cancellationToken);
    }
}
