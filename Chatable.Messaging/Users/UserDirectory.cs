namespace Chatable.Messaging.Users;

/// <summary>
/// Who a username stands for, remembered for a minute: ids and names never change. Names of nobody are not remembered, so that
/// a new user can be written to at once. Deactivated users are found too: what was written to them stays readable.
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
        if (await users.FindByUsernameAsync(username, cancellationToken) is not { } found)
            return null;

        var user = new UserRef(found.Id, found.Username);
        _known.Fill(user.Username, user, ticket);
        return user;
    }
}
