using Chatable.Client.Accounts;

namespace Chatable.Client.Connections;

/// <summary>Requests to whichever server answers.</summary>
internal sealed class ServerCalls(HttpClient http, ServerAddresses servers, TimeProvider clock)
{
    /// <exception cref="HttpRequestException">It could not be asked; the next call goes to the next server.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, ChatToken? token, HttpContent? content, CancellationToken cancellationToken)
    {
        var server = await servers.GetAsync(cancellationToken);
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content };
        if (token is not null)
            request.Headers.Authorization = ClientJwt.Bearer(token, clock.GetUtcNow());
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        // A server that lets requests run out of time is none to ask again.
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            servers.MoveOn();
            throw;
        }
    }
}
