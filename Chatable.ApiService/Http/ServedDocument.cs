using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Chatable.ApiService.Http;

/// <summary>
/// A document that contains its server's address. It is created once. Each response is a copy with the address that the request was made
/// to, and is not sent to a client that already has it.
/// </summary>
internal sealed class ServedDocument
{
    private readonly byte[] _before;
    private readonly byte[] _after;
    private readonly string _mediaType;
    private readonly Func<HttpRequest, string> _nameServer;

    /// <param name="text">The whole text.</param>
    /// <param name="place">The placeholder for the server's address.</param>
    /// <param name="mediaType">The media type of the response.</param>
    /// <param name="nameServer">Returns the replacement, in the document's own syntax.</param>
    public ServedDocument(string text, string place, string mediaType, Func<HttpRequest, string> nameServer)
    {
        var at = text.IndexOf(place, StringComparison.Ordinal);
        _before = Encoding.UTF8.GetBytes(text[..at]);
        _after = Encoding.UTF8.GetBytes(text[(at + place.Length)..]);
        (_mediaType, _nameServer) = (mediaType, nameServer);
    }

    public Task AnswerAsync(HttpContext context)
    {
        byte[] document = [.. _before, .. Encoding.UTF8.GetBytes(_nameServer(context.Request)), .. _after];
        // A client with a copy asks whether it has changed.
        context.Response.Headers.CacheControl = "no-cache";
        var tag = new EntityTagHeaderValue($"\"{TagOf(document)}\"");
        return TypedResults.Bytes(document, _mediaType, entityTag: tag).ExecuteAsync(context);
    }

    private static string TagOf(byte[] document) => Convert.ToHexStringLower(SHA256.HashData(document).AsSpan(0, 16));
}
