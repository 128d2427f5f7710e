using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chatable.Messaging.Tokens;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chatable.Bench.Subjects;

/// <summary>
/// Users put into the database as a registration leaves them, but for the hash of a password, of which a core makes ten a second. Each
/// has a token from the product's own store, and signs with it as clients do.
/// </summary>
internal sealed class ChatableUsers(NpgsqlDataSource database, string tokenSecretsKey)
{
    private const int AtOnce = 8;

    // Nobody's password hashes to this.
    private const string Insert = """
        WITH created AS (
            INSERT INTO users (username, email, phone_number, first_name, last_name, password_hash)
            SELECT 'u' || n, 'u' || n || '@example.com', n::text, 'U', n::text, 'none'
            FROM generate_series($1, $2) AS n ORDER BY n
            RETURNING id, username
        ), heads AS (
            INSERT INTO user_heads (user_id) SELECT id FROM created
        )
        SELECT id, substr(username, 2)::int FROM created
        """;

    private readonly TokenStore _tokens = new(
        database, new TokenSecretProtector(new TokenSecretsOptions { Key = tokenSecretsKey }), NullLogger<TokenStore>.Instance);
    private readonly List<ChatableUser> _users = [];

    public ChatableUser this[int number] => _users[number];

    public int Count => _users.Count;

    public async Task EnsureAsync(int count, CancellationToken cancellationToken)
    {
        if (count <= _users.Count)
            return;
        var ids = new long[count - _users.Count];
        await using (var command = database.CreateCommand(Insert))
        {
            command.CommandTimeout = 300;
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _users.Count });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count - 1 });
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
                ids[rows.GetInt32(1) - _users.Count] = rows.GetInt64(0);
        }

        var made = new ChatableUser[ids.Length];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, ids.Length, parallel,
            async (i, cancelled) => made[i] = new ChatableUser($"u{_users.Count + i}", ids[i], await IssueAsync(ids[i], cancelled)));
        _users.AddRange(made);
    }

    private async Task<string> IssueAsync(long userId, CancellationToken cancellationToken)
    {
        var issued = await _tokens.IssueAsync(userId, device: null, TimeSpan.FromDays(30), cancellationToken);
        var head = Base64Url.EncodeToString(
            Encoding.ASCII.GetBytes($$"""{"alg":"HS256","typ":"JWT","access_key":"{{issued.AccessKeyId}}"}"""));
        var signed = $"{head}.{Base64Url.EncodeToString("{}"u8)}";
        var signature = HMACSHA256.HashData(Encoding.ASCII.GetBytes(issued.SecretAccessKey), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}

/// <summary>A user who can connect.</summary>
internal sealed record ChatableUser(string Name, long Id, string Token);
