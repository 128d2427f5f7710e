using Npgsql;

namespace Chatable.Messaging.Users;

/// <summary>
/// Resolves usernames, and caches each result for a minute: ids and names never change. Unknown names are not cached, so that a new user
/// can be written to at once. While the database is unreachable, cached users remain valid beyond the minute. Deactivated users are found
/// too: their messages stay readable.
/// </summary>
public sealed class UserDirectory(UserStore users, TimeProvider time)
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly ShortLivedCache<string, UserRef> _known =
        new("user_directory", s_lifetime, Capacity, time, StringComparer.OrdinalIgnoreCase);

    /// <exception cref="OperationCanceledException">Cancelled, or the database did not answer within five seconds.</exception>
    public ValueTask<UserRef?> FindAsync(string username, CancellationToken cancellationToken) =>
        _known.TryGet(username, out var known) ? new(known) : AskAsync(username, cancellationToken);

    public void ForgetAll() => _known.Clear();

    private async ValueTask<UserRef?> AskAsync(string username, CancellationToken cancellationToken)
    {
        UserRef known = default;
        var ticket = _known.BeginFill();
        UserRef user;
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(s_patience);
            if (await users.FindByUsernameAsync(username, timeout.Token) is not { } found)
                return null;

            user = new UserRef(found.Id, found.Username);
        }
        catch (Exception e) when (
            e is NpgsqlException or TimeoutException or OperationCanceledException && _known.TryGetExpired(username, out known))
        {
            // Caches the expired entry for another minute. Otherwise every message to this user would wait for a query that fails.
            user = known;
        }

        _known.Fill(user.Username, user, ticket);
        return user;
    }
}
