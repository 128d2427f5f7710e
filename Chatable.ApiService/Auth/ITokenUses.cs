namespace Chatable.ApiService.Auth;

/// <summary>What goes on at this server for as long as its users' tokens live: open sockets, requests that wait.</summary>
internal interface ITokenUses
{
    /// <summary>The user and token of each.</summary>
    IEnumerable<AuthenticatedUser> Holders { get; }

    /// <summary>Ends whatever goes on with a token that has ended.</summary>
    void End(Predicate<AuthenticatedUser> hasEnded);
}
