namespace Chatable.ApiService.Auth;

/// <summary>Open sockets or waiting requests of this server, which last only as long as their users' tokens.</summary>
internal interface ITokenUses
{
    /// <summary>The user and token of each use.</summary>
    IEnumerable<AuthenticatedUser> Holders { get; }

    /// <summary>Ends every use whose token has ended.</summary>
    void End(Predicate<AuthenticatedUser> hasEnded);
}
