using Npgsql;

namespace Chatable.Tests.Support;

/// <summary>Direct access to a database, without the code under test.</summary>
internal static class Sql
{
    public static async Task ExecuteAsync(string connectionString, string sql, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <returns>The first column of every row.</returns>
    public static async Task<IReadOnlyList<T>> QueryAsync<T>(string connectionString, string sql, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(reader.GetFieldValue<T>(0));
        return rows;
    }
}
