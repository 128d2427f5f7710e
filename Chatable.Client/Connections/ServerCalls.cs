using Chatable.Client.Accounts;

namespace Chatable.Client.Connections;

/// <summary>Sends requests to an available server.</summary>
internal sealed class ServerCalls(HttpClient http, ServerAddresses servers, ServerClock clock)
{
    /// <param name="method">The method.</param>
    /// <param name="path">The API path, with its query.</param>
    /// <param name="token">Signs the request, which must then have no body. Null if the request needs none.</param>
    /// <param name="content">The body, if there is one.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="HttpRequestException">The server could not be reached. The next call goes to the next server.</exception>
    public async Task<ServerAnswer> SendAsync(
        HttpMethod method, string path, ChatToken? token, HttpContent? content, CancellationToken cancellationToken)
    {
        var signedBy = clock.Offset;
        var answer = await AskAsync(method, path, token, content, cancellationToken).ConfigureAwait(false);
        return token is not null && answer.IsUnauthenticated && clock.WasWrong(signedBy)
            ? await AskAsync(method, path, token, content, cancellationToken).ConfigureAwait(false)
            : answer;
    }

    private async Task<ServerAnswer> AskAsync(
        HttpMethod method, string path, ChatToken? token, HttpContent? content, CancellationToken cancellationToken)
    {
        try
        {
            var server = await servers.GetAsync(cancellationToken).ConfigureAwait(false);
            using var request = new HttpRequestMessage(method, ServerAddresses.At(server, path)) { Content = content };
            if (token is not null)
                request.Headers.Authorization = ClientJwt.Bearer(token, clock.Now);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            clock.Hear(response);
            var answer = await ServerAnswer.ReadAsync(response, server, request.RequestUri!, cancellationToken).ConfigureAwait(false);
            if (answer.Status >= 500)
                servers.MoveOn();
            return answer;
        }
        // The application's handlers may throw their own exceptions, such as for an open circuit or a timeout. None of them is a response,
        // and a server that lets requests time out should not be asked again.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            servers.MoveOn();
            throw exception as HttpRequestException ?? new HttpRequestException("The server could not be asked.", exception);
        }
    }
}
