using Chatable.ApiService.Auth;
using Chatable.Messaging.Tokens;
using Chatable.Messaging.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>Registering, logging in, and the life of a token.</summary>
internal sealed class Sessions(
    UserStore users, TokenStore tokens, Passwords passwords, TokenRevocations revocations, IOptions<AuthOptions> options)
{
    /// <returns>The first token, or what is taken of the username, the email and the phone number.</returns>
    public async Task<(IssuedToken? Token, TakenFields Taken)> RegisterAsync(RegisterForm form, CancellationToken cancellationToken)
    {
        var user = new NewUser
        {
            Username = form.Username,
            Email = form.Email,
            PhoneNumber = form.Phone,
            FirstName = form.FirstName,
            LastName = form.LastName,
            PasswordHash = await passwords.HashAsync(form.Password, cancellationToken),
        };

        // Not one transaction: a user whose first token is lost on the way logs in.
        return await users.CreateAsync(user, cancellationToken) is { } userId
            ? (await IssueAsync(userId, cancellationToken), default)
            : (null, await users.FindTakenAsync(user, cancellationToken));
    }

    /// <returns>A new token, or null: nothing tells an unknown user from a wrong password, not even the time it takes.</returns>
    public async Task<IssuedToken?> LogInAsync(LoginForm form, CancellationToken cancellationToken)
    {
        var login = await users.FindForLoginAsync(form.Username, cancellationToken);
        var verified = await passwords.VerifyAsync(login?.PasswordHash, form.Password, cancellationToken);
        if (login is not { IsActive: true } || verified == PasswordVerificationResult.Failed)
            return null;

        if (verified == PasswordVerificationResult.SuccessRehashNeeded)
        {
            var renewed = await passwords.HashAsync(form.Password, cancellationToken);
            await users.UpdatePasswordHashAsync(login.Id, login.PasswordHash, renewed, cancellationToken);
        }

        return await IssueAsync(login.Id, cancellationToken);
    }

    /// <returns>A token that takes the old one's place, or null.</returns>
    public async Task<IssuedToken?> RefreshAsync(RefreshForm form, CancellationToken cancellationToken)
    {
        var result = await tokens.RefreshAsync(form.RefreshToken, options.Value.TokenLifetime, cancellationToken);
        await AnnounceAsync(result.Ended);
        return result.Issued;
    }

    public async Task LogOutAsync(long tokenId, CancellationToken cancellationToken) =>
        await AnnounceAsync(await tokens.RevokeAsync(tokenId, cancellationToken));

    // Whoever asked may hang up now: the token has ended, and the other replicas and its open sockets must hear of it all the same.
    private Task AnnounceAsync(IReadOnlyCollection<EndedToken> ended) => revocations.AnnounceAsync(ended, CancellationToken.None);

    private Task<IssuedToken> IssueAsync(long userId, CancellationToken cancellationToken) =>
        tokens.IssueAsync(userId, device: null, options.Value.TokenLifetime, cancellationToken);
}
