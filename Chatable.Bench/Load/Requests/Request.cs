using System.Text;

namespace Chatable.Bench.Load.Requests;

/// <summary>Requests as bytes.</summary>
internal static class Request
{
    public static byte[] Get(string pathAndQuery, string token) => Encoding.ASCII.GetBytes(
        $"GET {pathAndQuery} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");

    public static byte[] Post(string path, string form) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + $"Content-Length: {form.Length}\r\n\r\n{form}");
}
