using Chatable.ApiService.Auth;
using Chatable.Messaging.Tokens;
using Chatable.Messaging.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>Registration, login, and the lifecycle of a token.</summary>
internal sealed class Sessions(
    UserStore users, TokenStore tokens, Passwords passwords, TokenRevocations revocations, IOptions<AuthOptions> options)
{
    /// <returns>The first token, or which of the username, the email and the phone number are taken.</returns>
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

        // Not one transaction: if the first token is lost, the user can log in.
        return await users.CreateAsync(user, cancellationToken) is { } userId
            ? (await IssueAsync(userId, cancellationToken), default)
            : (null, await users.FindTakenAsync(user, cancellationToken));
    }

    /// <returns>A new token, or null. An unknown user and a wrong password are indistinguishable, even by timing.</returns>
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

    /// <returns>A token that replaces the old one, or null.</returns>
    public async Task<IssuedToken?> RefreshAsync(RefreshForm form, CancellationToken cancellationToken)
    {
        var result = await tokens.RefreshAsync(form.RefreshToken, options.Value.TokenLifetime, cancellationToken);
        await AnnounceAsync(result.Ended);
        return result.Issued;
    }

    public async Task LogOutAsync(long tokenId, CancellationToken cancellationToken) =>
        await AnnounceAsync(await tokens.RevokeAsync(tokenId, cancellationToken));

    // Not cancelled with the request: the token has ended, and the other replicas and its open sockets must be notified.
    private Task AnnounceAsync(IReadOnlyCollection<EndedToken> ended) => revocations.AnnounceAsync(ended, CancellationToken.None);

    private Task<IssuedToken> IssueAsync(long userId, CancellationToken cancellationToken) =>
        tokens.IssueAsync(userId, device: null, options.Value.TokenLifetime, cancellationToken);
}
