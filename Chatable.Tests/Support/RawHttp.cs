using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Support;

/// <summary>A response as received from the connection; the status is 0 if none came.</summary>
public sealed record RawAnswer(int Status, string Head, string Body)
{
    public bool Has(string headerLine) => Head.Contains($"\r\n{headerLine}", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Handwritten HTTP/1.1, for requests that no well-behaved client would make.</summary>
public static class RawHttp
{
    /// <summary>Sends the bytes unchanged and reads until the server closes, as the request's headers must ask for.</summary>
    public static async Task<RawAnswer> SendAsync(Uri server, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        await using var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, cancellationToken);
            await stream.CopyToAsync(answer, cancellationToken);
        }
        catch (IOException)
        {
            // A server may close the connection on a request it refuses to read; what it sent before still counts.
        }

        var text = Encoding.UTF8.GetString(answer.ToArray());
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0
            ? new RawAnswer(0, text, "")
            : new RawAnswer(int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text[..end], text[(end + 4)..]);
    }

    /// <summary>Sends a request and reads only the response's head: the server may keep the connection.</summary>
    public static async Task<RawAnswer> SendForHeadAsync(Uri server, string request, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request.ReplaceLineEndings("\r\n")), cancellationToken);
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await client.GetStream().ReadExactlyAsync(next, cancellationToken);
            head.Append((char)next[0]);
        }

        return new RawAnswer(int.Parse(head.ToString().AsSpan(9, 3), CultureInfo.InvariantCulture), head.ToString(), "");
    }

    public static Task<RawAnswer> SendAsync(
        Uri server, string requestLine, IEnumerable<string> headers, CancellationToken cancellationToken) =>
        SendAsync(server, requestLine, headers, default, cancellationToken);

    public static Task<RawAnswer> SendAsync(
        Uri server, string requestLine, IEnumerable<string> headers, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var head = new StringBuilder($"{requestLine} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n");
        foreach (var header in headers)
            head.Append(header).Append("\r\n");
        if (!requestLine.StartsWith("GET", StringComparison.Ordinal))
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        return SendAsync(server, (byte[])[.. Encoding.Latin1.GetBytes($"{head}\r\n"), .. body.Span], cancellationToken);
    }
}
