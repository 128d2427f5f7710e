using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chatable.Tests.Client;

/// <summary>
/// A gateway in front of a server: it forwards each request without its own path prefix. It can answer requests itself, incorrectly or not
/// at all. One request per connection.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = [];
    private readonly Uri? _upstream;
    private readonly string _path;
    private readonly Task _accepting;

    /// <param name="upstream">The server; null if the gateway answers every request itself.</param>
    /// <param name="path">The gateway's own path, such as <c>/chat</c>.</param>
    public Gateway(Uri? upstream, string path = "")
    {
        (_upstream, _path) = (upstream, path);
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>The requests, such as <c>GET /api/ws</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The response to a request: null forwards it, an empty string closes the connection.</summary>
    public Func<string, Task<string?>> Rule { get; set; } = _ => Task.FromResult<string?>(null);

    public int Count(string request) => Requests.Count(one => one == request);

    /// <summary>A complete response.</summary>
    public static string Answer(string status, string body, string type = "application/json") =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n" +
        $"Connection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll([_accepting, .. _connections.Keys]);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var serving = ServeAsync(client);
                _connections.TryAdd(serving, true);
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                var (head, body) = await ReadAsync(stream);
                var request = head.Split(' ') is [var method, var path, ..] ? $"{method} {Inner(path)}" : "";
                Requests.Enqueue(request);
                if (await Rule(request.Split('?')[0]).WaitAsync(_stop.Token) is { } answer)
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _stop.Token);
                else
                    await HandOnAsync(stream, head, body);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The client or the server has disconnected.
            }
        }
    }

    private string Inner(string path) => path.StartsWith(_path, StringComparison.Ordinal) ? path[_path.Length..] : $"/outside{path}";

    private async Task HandOnAsync(NetworkStream client, string head, byte[] body)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(_upstream!.Host, _upstream.Port, _stop.Token);
        await using var stream = server.GetStream();
        var lines = head.Split("\r\n");
        lines[0] = string.Join(' ', lines[0].Split(' ').Select((word, i) => i == 1 ? Inner(word) : word));
        var isUpgrade = lines.Any(line => line.StartsWith("Upgrade:", StringComparison.OrdinalIgnoreCase));
        var kept = lines.Where(line => isUpgrade || !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase));
        var handedOn = string.Join("\r\n", isUpgrade ? kept : [.. kept, "Connection: close"]);
        await stream.WriteAsync((byte[])[.. Encoding.Latin1.GetBytes($"{handedOn}\r\n\r\n"), .. body], _stop.Token);
        var down = stream.CopyToAsync(client, _stop.Token);
        if (isUpgrade)
            await Task.WhenAny(down, client.CopyToAsync(stream, _stop.Token));
        else
            await down;
    }

    private async Task<(string Head, byte[] Body)> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (bytes.Count < 4 || !bytes.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            bytes.Add(one[0]);
        }

        var head = Encoding.Latin1.GetString([.. bytes])[..^4];
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = new byte[length is null ? 0 : int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return (head, body);
    }
}
