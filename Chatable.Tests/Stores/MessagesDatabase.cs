using System.Text;
using Chatable.Messaging;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Stores;

/// <summary>A migrated database with its own users, and the queries of the message store's tests.</summary>
internal sealed class MessagesDatabase(string connectionString) : IAsyncDisposable
{
    private static int s_users;

    public string ConnectionString { get; } = connectionString;

    public NpgsqlDataSource Source { get; } = NpgsqlDataSource.Create(connectionString);

    public MessageStore Store => new(Source);

    public static async Task<MessagesDatabase> CreateAsync(PostgresServer server) =>
        new(await server.CreateMigratedDatabaseAsync(TestContext.Current.CancellationToken));

    public async Task<UserRow[]> AddUsersAsync(int count)
    {
        var users = new UserRow[count];
        for (var i = 0; i < count; i++)
        {
            var number = Interlocked.Increment(ref s_users);
            var name = $"user_{number}";
            var id = await ScalarAsync<long>(
                $"""
                INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
                VALUES ('{name}', '{name}@example.org', '{number}', 'First', 'Last', 'hash') RETURNING id
                """);
            await ScalarAsync<long>($"INSERT INTO user_heads (user_id) VALUES ({id}) RETURNING user_id");
            users[i] = new UserRow(id, name);
        }

        return users;
    }

    public static IntakeEntry Entry(
        UserRow author, UserRow recipient, string? clientId = null, string? after = null, string body = "hello") => new()
        {
            MessageId = Guid.CreateVersion7(),
            ClientId = clientId is null ? ClientId.New() : Parse(clientId),
            After = after is null ? null : Parse(after),
            AuthorId = author.Id,
            Author = author.Name,
            RecipientId = recipient.Id,
            Recipient = recipient.Name,
            Body = Encoding.UTF8.GetBytes(body),
            Origin = new Origin(Guid.NewGuid(), 1),
        };

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public Task<long> CountMessagesAsync() => ScalarAsync<long>("SELECT count(*) FROM messages");

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private static ClientId Parse(string text) =>
        ClientId.TryParse(text, out var id) ? id : throw new ArgumentException($"'{text}' is no client id.", nameof(text));
}

internal sealed record UserRow(long Id, string Name);
