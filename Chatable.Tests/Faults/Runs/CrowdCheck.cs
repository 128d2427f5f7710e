using System.Globalization;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.Workload;
using Npgsql;

namespace Chatable.Tests.Faults.Runs;

/// <summary>A stored message of the crowd.</summary>
/// <param name="User">Its author.</param>
/// <param name="ClientId">Its client ID.</param>
/// <param name="Text">Its body, which is derived from its <paramref name="ClientId"/>.</param>
/// <param name="HasEnvelopes">Whether it is in the log of both parties exactly once.</param>
internal sealed record CrowdRow(string User, string ClientId, string Text, bool HasEnvelopes);

/// <summary>What must hold for the crowd after the faults.</summary>
internal sealed class CrowdCheck(FaultCluster cluster, WritingCrowd crowd)
{
    private const string Stored = """
        SELECT a.username, coalesce(m.client_id_text, m.client_id::text), m.body,
               count(e.user_id) = CASE WHEN c.user_low = c.user_high THEN 1 ELSE 2 END
        FROM messages m
        JOIN users a ON a.id = m.author_id
        JOIN conversations c ON c.id = m.conversation_id
        LEFT JOIN envelopes e USING (conversation_id, conversation_seq)
        WHERE a.username = ANY ($1)
        GROUP BY m.conversation_id, m.conversation_seq, a.username, m.client_id_text, m.client_id, m.body, c.user_low, c.user_high
        """;

    // Longer than a socket waits between two attempts, with time for all of them to reconnect.
    private static readonly TimeSpan s_back = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_everywhere = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly string[] _names = [.. crowd.Users.Select(user => user.Name)];

    /// <summary>
    /// All sockets return to their home servers. Each user writes one last message, to itself, so that each socket shows that it is served.
    /// Ends when everything has arrived, or reports what has not.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        crowd.GoHome();
        if (!await HoldsAsync(() => Task.FromResult(AreBack()), s_back, cancellationToken))
        {
            var away = crowd.Sockets.Count(socket => !socket.IsReady || socket.Server != socket.Home);
            var waiting = crowd.Users.Count(user => !user.IsDone);
            crowd.Report("I10", $"{away} sockets are not back and {waiting} messages not acked, {s_back.TotalSeconds} s after the faults");
            return;
        }

        crowd.WriteToThemselves(_ => true);
        IReadOnlyDictionary<string, long> heads = new Dictionary<string, long>();
        if (!await HoldsAsync(async () => AreEverywhere(heads = await HeadsAsync(cancellationToken)), s_everywhere, cancellationToken))
        {
            var behind = crowd.Sockets.Count(socket => socket.Cursor != heads.GetValueOrDefault(socket.User.Name));
            var waiting = crowd.Users.Count(user => !user.IsDone);
            crowd.Report("I10", $"{behind} sockets are not at their user's head and {waiting} messages not acked, "
                + $"{s_everywhere.TotalSeconds} s after all was quiet");
        }
    }

    /// <summary>What the sockets found since the last call, and whether all acked messages are stored.</summary>
    public async Task<IReadOnlyList<Violation>> CheckAsync(CancellationToken cancellationToken)
    {
        var stored = await FinalReads.QueryAsync(
            cluster.Postgres.ConnectionString, _names, Stored, row => new CrowdRow(row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3)),
            cancellationToken);
        var byUser = stored.ToLookup(one => one.User);
        foreach (var violation in crowd.Users.SelectMany(user => Judge(user.Name, user.Written, user.Acked, [.. byUser[user.Name]])))
            crowd.Report(violation.Invariant, violation.What);
        return crowd.TakeReports();
    }

    /// <summary>The violations of one user.</summary>
    public static IEnumerable<Violation> Judge(
        string user, int written, IReadOnlyCollection<string> acked, IReadOnlyList<CrowdRow> rows)
    {
        var whole = rows.Where(one => one.HasEnvelopes).Select(one => one.ClientId).ToHashSet();
        foreach (var lost in acked.Where(clientId => !whole.Contains(clientId)))
            yield return new Violation("I1", $"{lost} of {user} was acked and is not stored for both parties");
        foreach (var one in rows.Where(one => !(NumberOf(one.ClientId) <= written)))
            yield return new Violation("I2", $"{one.ClientId} of {user} is stored; nobody sent it");
        foreach (var twice in rows.CountBy(one => one.ClientId).Where(one => one.Value > 1))
            yield return new Violation("I3", $"{twice.Key} of {user} is stored {twice.Value} times");
        foreach (var one in rows.Where(one => NumberOf(one.ClientId) <= written && one.Text != CrowdUser.TextOf(one.ClientId)))
            yield return new Violation("I9", $"{one.ClientId} of {user} is stored with another body");
    }

    private bool AreBack() =>
        crowd.Sockets.All(socket => socket.IsReady && socket.Server == socket.Home) && crowd.Users.All(user => user.IsDone);

    private bool AreEverywhere(IReadOnlyDictionary<string, long> heads) =>
        AreBack() && crowd.Sockets.All(socket => socket.Cursor == heads.GetValueOrDefault(socket.User.Name));

    private Task<IReadOnlyDictionary<string, long>> HeadsAsync(CancellationToken cancellationToken) =>
        FinalReads.HeadsAsync(cluster, _names, cancellationToken);

    // "crowd-12"
    private static int? NumberOf(string clientId) =>
        clientId.StartsWith("crowd-", StringComparison.Ordinal)
            && int.TryParse(clientId.AsSpan(6), CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var until = Environment.TickCount64 + limit.TotalMilliseconds; ; await Task.Delay(s_look, cancellationToken))
        {
            try
            {
                if (await condition())
                    return true;
            }
            catch (NpgsqlException)
            {
                // PostgreSQL has just restarted.
            }

            if (Environment.TickCount64 > until)
                return false;
        }
    }
}
