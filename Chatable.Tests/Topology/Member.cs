using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Topology;

/// <summary>A user of a running topology with a token, for tests that read like a conversation.</summary>
internal sealed record Member(Uri Api, ChatUser User)
{
    public string Username => User.Username;

    public static async Task<Member> RegisterAsync(Uri api, CancellationToken cancellationToken)
    {
        using var client = new ChatClient(api);
        return new Member(api, await client.RegisterAsync(cancellationToken));
    }

    public async Task<Member> LogInAgainAsync(CancellationToken cancellationToken)
    {
        using var client = new ChatClient(Api);
        return this with { User = User with { Token = await client.LogInAsync(Username, User.Password, cancellationToken) } };
    }

    public Task<ChatSocket> ConnectAsync(CancellationToken cancellationToken) => ConnectElsewhereAsync([], cancellationToken);

    public Task<ChatSocket> ConnectElsewhereAsync(IReadOnlyCollection<string> servers, CancellationToken cancellationToken) =>
        ChatSocket.ConnectElsewhereAsync(Api, User.Token, servers, cancellationToken);

    public async Task<IReadOnlyList<JsonElement>> InboxAsync(CancellationToken cancellationToken) =>
        Items(await GetAsync("/api/inbox", cancellationToken));

    public async Task<IReadOnlyList<JsonElement>> ThreadAsync(string other, CancellationToken cancellationToken, int page = 1) =>
        Items(await GetAsync($"/api/thread/{other}?page={page}", cancellationToken));

    /// <summary>Uses a new connection, so the next replica in turn answers.</summary>
    public async Task<ChatAnswer> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var client = new ChatClient(Api);
        return await client.GetAsync(path, User.Token, cancellationToken);
    }

    public async Task LogOutAsync(CancellationToken cancellationToken)
    {
        using var client = new ChatClient(Api);
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Delete, "/api/auth_token", User.Token.ToJwt(), cancellationToken)).Status);
    }

    private static List<JsonElement> Items(ChatAnswer answer)
    {
        Assert.Equal(200, answer.Status);
        return [.. answer.Data.EnumerateArray()];
    }
}
