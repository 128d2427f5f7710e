using System.Net;
using System.Net.WebSockets;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Faults.Workload;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Faults.Runs;

/// <summary>Three independent reads of a run's result: SQL, REST, and a socket that starts from an empty log.</summary>
internal static class FinalReads
{
    private const string Messages = """
        SELECT m.message_id::text, a.username, r.username, coalesce(m.client_id_text, m.client_id::text), m.conversation_id,
               m.conversation_seq, m.body, m.created_at
        FROM messages m
        JOIN conversations c ON c.id = m.conversation_id
        JOIN users a ON a.id = m.author_id
        JOIN users r ON r.id = CASE WHEN c.user_low = m.author_id THEN c.user_high ELSE c.user_low END
        WHERE a.username = ANY ($1) OR r.username = ANY ($1)
        """;

    private const string Envelopes =
        "SELECT u.username, e.seq, coalesce(m.message_id::text, '') FROM envelopes e JOIN users u ON u.id = e.user_id "
        + "LEFT JOIN messages m USING (conversation_id, conversation_seq) WHERE u.username = ANY ($1) ORDER BY e.user_id, e.seq";

    private const string Heads =
        "SELECT u.username, h.last_seq FROM user_heads h JOIN users u ON u.id = h.user_id WHERE u.username = ANY ($1)";

    private const int Attempts = 10;
    private const int TooMany = (int)HttpStatusCode.TooManyRequests;
    private const int Busy = (int)HttpStatusCode.ServiceUnavailable;

    // For all reads together: a run of several minutes has tens of thousands of messages.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_freshPatience = TimeSpan.FromSeconds(5);

    public static async Task<Evidence> ReadAsync(
        FaultCluster cluster, Traffic traffic, Evidence evidence, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_patience);
        var rest = new Dictionary<string, IReadOnlyList<SeenMessage>>();
        var fresh = new Dictionary<string, IReadOnlyList<SeenMessage>>();
        foreach (var user in traffic.Users)
        {
            var token = await PatientlyAsync(() => traffic.LogInAsync(user, timeout.Token), timeout.Token);
            rest[user.Username] = await PatientlyAsync(
                () => traffic.Port.ReadAllAsync(traffic.AnyServer(), token, timeout.Token), timeout.Token);
            fresh[user.Username] = await PatientlyAsync(() => ReadFreshAsync(traffic.AnyServer(), token, timeout.Token), timeout.Token);
        }

        string[] names = [.. traffic.Users.Select(user => user.Username)];
        return evidence with
        {
            Messages = await QueryAsync(cluster.Postgres.ConnectionString, names, Messages, ReadMessage, timeout.Token),
            Envelopes = await QueryAsync(
                cluster.Postgres.ConnectionString, names, Envelopes,
                row => new StoredEnvelope(row.GetString(0), row.GetInt64(1), row.GetString(2)), timeout.Token),
            Past = await cluster.Postgres.LookAtPastAsync(
                database => QueryAsync(database, names, Messages, ReadMessage, timeout.Token), timeout.Token) ?? [],
            AcksSurvive = cluster.HasSynchronousStandby,
            Rest = rest,
            Fresh = fresh,
        };
    }

    public static async Task<IReadOnlyDictionary<string, long>> HeadsAsync(
        FaultCluster cluster, IEnumerable<string> usernames, CancellationToken cancellationToken) =>
        (await QueryAsync(cluster.Postgres.ConnectionString, usernames, Heads, row => (User: row.GetString(0), Head: row.GetInt64(1)), cancellationToken))
            .ToDictionary(one => one.User, one => one.Head);

    private static async Task<IReadOnlyList<SeenMessage>> ReadFreshAsync(Uri server, ChatToken token, CancellationToken cancellationToken)
    {
        using var socket = new FrameSocket();
        try
        {
            await socket.ConnectAsync(server, token, cancellationToken);
        }
        catch (WebSocketException exception) when (socket.Refusal is not (0 or TooMany or Busy))
        {
            throw new InvalidOperationException($"A socket was refused with {socket.Refusal}, when the faults were over.", exception);
        }

        await socket.SendAsync(Frame.Hello(0, null, "fresh"), cancellationToken);
        List<SeenMessage> all = [];
        while (await NextAsync(socket, cancellationToken) is { } frame && frame.Type != "caught_up")
        {
            if (frame.Type == "message")
                all.Add(new SeenMessage(
                    frame.MessageId!, frame.Author!, frame.Recipient!, frame.Conversation!.Value, frame.ConversationSeq!.Value, frame.Hash!,
                    frame.Seq));
        }

        return all;
    }

    // Null if nothing more arrives; the checker reports what is missing.
    private static async Task<Frame?> NextAsync(FrameSocket socket, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_freshPatience);
        try
        {
            return await socket.ReceiveAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static StoredMessage ReadMessage(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetInt64(5),
        BodyHash.Of(row.GetString(6)), row.GetDateTime(7));

    // A broken connection or a server that is too busy says nothing about what is stored, so the read starts again. Any other error is an
    // error: the faults are over.
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await read();
            }
            catch (Exception exception) when (attempt < Attempts && !cancellationToken.IsCancellationRequested
                && (exception is HttpRequestException { StatusCode: null or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable }
                    || exception is IOException or WebSocketException or OperationCanceledException))
            {
                await Task.Delay(s_retry, cancellationToken);
            }
        }
    }

    /// <summary>The rows of a query whose only parameter is these usernames.</summary>
    public static async Task<IReadOnlyList<T>> QueryAsync<T>(
        string connectionString, IEnumerable<string> usernames, string sql, Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = usernames.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }
}
