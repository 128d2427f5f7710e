using Npgsql;

namespace Chatable.Messaging.Users;

/// <summary>
/// Who a username stands for, remembered for a minute: ids and names never change. Names of nobody are not remembered, so that
/// a new user can be written to at once. While the database is out of reach, whoever is remembered stays so. Deactivated users
/// are found too: what was written to them stays readable.
/// </summary>
public sealed class UserDirectory(UserStore users, TimeProvider time)
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(60);

    private readonly ShortLivedCache<string, UserRef> _known =
        new("user_directory", s_lifetime, Capacity, time, StringComparer.OrdinalIgnoreCase);

    public async ValueTask<UserRef?> FindAsync(string username, CancellationToken cancellationToken)
    {
        if (_known.TryGet(username, out var known))
            return known;

        var ticket = _known.BeginFill();
        UserRef user;
        try
        {
            if (await users.FindByUsernameAsync(username, cancellationToken) is not { } found)
                return null;

            user = new UserRef(found.Id, found.Username);
        }
        catch (Exception e) when (
            e is NpgsqlException or TimeoutException or OperationCanceledException && _known.TryGetExpired(username, out known))
        {
            // Good for another minute, lest every message to him wait for a query that fails.
            user = known;
        }

        _known.Fill(user.Username, user, ticket);
        return user;
    }
}
