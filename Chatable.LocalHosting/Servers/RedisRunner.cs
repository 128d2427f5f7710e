using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Chatable.LocalHosting;

/// <summary>Runs a Redis (or Valkey) server on the loopback address.</summary>
internal sealed class RedisRunner(RedisResource server, EngineOptions options) : IRunner
{
    private const int LeastVersion = 7;

    private DataFolder? _folder;

    public async Task<ProcessSpec> PrepareAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var program = ServerPrograms.FindRedis();
        await ServerVersion.RequireAsync("Redis", program, LeastVersion, cancellationToken);
        _folder ??= await DataFolder.OpenAsync(server, options, cancellationToken);
        return new(program, "-")
        {
            WorkingDirectory = _folder.Path,
            StandardInput = Configuration(await PasswordAsync(cancellationToken)),
            AsServerAccount = true,
        };
    }

    public async Task<bool> IsHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(ServerResource.Host, server.Port, cancellationToken);
            var commands = $"AUTH {Quote(await PasswordAsync(cancellationToken))}\r\nPING\r\n";
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(commands), cancellationToken);
            using var answers = new StreamReader(client.GetStream());
            // While it loads its data a server answers -LOADING.
            return await answers.ReadLineAsync(cancellationToken) == "+OK" && await answers.ReadLineAsync(cancellationToken) == "+PONG";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    public void CleanUp() => _folder?.Dispose();

    private string Configuration(string password)
    {
        var save = server.SnapshotInterval is { } interval
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)interval.TotalSeconds} {server.SnapshotThreshold}")
            : "\"\"";
        return string.Create(CultureInfo.InvariantCulture, $"""
            bind {ServerResource.Host}
            port {server.Port}
            dir {Quote(_folder!.Path)}
            requirepass {Quote(password)}
            appendonly yes
            appendfsync everysec
            save {save}
            maxmemory-policy noeviction
            daemonize no

            """);
    }

    private async Task<string> PasswordAsync(CancellationToken cancellationToken) =>
        (await server.Password.GetValueAsync(cancellationToken))!;

    // The same rules in the configuration file and in inline commands.
    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
