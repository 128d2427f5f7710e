using System.Diagnostics;
using System.Net;
using Chatable.Tests.Support;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Cluster;

/// <summary>A Redis with an append-only file that keeps its port across restarts.</summary>
internal sealed class FaultRedis : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private ConnectionMultiplexer? _admin;

    private FaultRedis(DirectoryInfo folder)
    {
        _folder = folder;
        Address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort());
        Node = new Node("redis", StartInfo, "Ready to accept connections", ServerProcess.Terminate);
    }

    public Node Node { get; }

    public IPEndPoint Address { get; }

    /// <summary>Its small disk, if any.</summary>
    public SmallDisk? Disk { get; private set; }

    private string DataFolder => Disk?.Folder ?? _folder.FullName;

    /// <summary>Bypasses all proxies; it fails when the server does.</summary>
    public ConnectionMultiplexer Admin => _admin!;

    public IDatabase Database => Admin.GetDatabase();

    public IServer Server => Admin.GetServer(Address);

    public static async Task<FaultRedis> StartAsync(int diskMegabytes, CancellationToken cancellationToken)
    {
        var folder = await ServerAccount.CreateFolderAsync("chatable-faults-redis-", cancellationToken);
        var redis = new FaultRedis(folder);
        if (diskMegabytes > 0)
            redis.Disk = await SmallDisk.MountAsync(diskMegabytes, cancellationToken);
        await redis.Node.RestartAsync(cancellationToken);
        var options = ConfigurationOptions.Parse($"{redis.Address},allowAdmin=true,abortConnect=false,syncTimeout=2000,asyncTimeout=2000");
        redis._admin = await ConnectionMultiplexer.ConnectAsync(options);
        return redis;
    }

    /// <summary>Runs one command, written as for redis-cli. Redis may answer with an error, which the caller handles.</summary>
    public async Task<RedisResult> ExecuteAsync(string command, params object[] arguments) =>
        await Database.ExecuteAsync(command, arguments);

    /// <summary>Repeats a command until it succeeds: another fault may have stalled Redis, or it has just restarted.</summary>
    public async Task InsistAsync(string command, object[] arguments, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ExecuteAsync(command, arguments);
                return;
            }
            catch (Exception failure) when (failure is RedisTimeoutException or RedisConnectionException or RedisServerException)
            {
                await Task.Delay(250, cancellationToken);
            }
        }
    }

    /// <summary>Sends a command without waiting for an answer, which may never come.</summary>
    public void Order(string command, params object[] arguments) => Database.Execute(command, arguments, CommandFlags.FireAndForget);

    /// <summary>Waits until it accepts a write; a stall cannot be cancelled.</summary>
    public async Task WaitUntilWritableAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Database.StringSetAsync("chatable:faults:probe", 1, TimeSpan.FromSeconds(1)).WaitAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    /// <summary>The environment for a restart with a wall clock that is off by this many seconds.</summary>
    public async Task<(string, string)[]> WrongClockAsync(int seconds, CancellationToken cancellationToken)
    {
        var source = Path.Combine(Repository.Root, "Chatable.Tests", "Faults", "Cluster", "wrong-clock.c");
        var library = Path.Combine(_folder.FullName, "wrong-clock.so");
        (await ProcessRun.OfAsync("cc", ["-shared", "-fPIC", "-o", library, source], cancellationToken)).Succeeded("cc");
        return [("LD_PRELOAD", library), ("CLOCK_OFFSET", $"{seconds}")];
    }

    public void DeleteData()
    {
        foreach (var folder in new DirectoryInfo(DataFolder).GetDirectories("appendonlydir"))
            folder.Delete(recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (_admin is not null)
            await _admin.DisposeAsync();
        await Node.DisposeAsync();
        if (Disk is not null)
            await Disk.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private ProcessStartInfo StartInfo() => ServerAccount.StartInfo(
        InstalledPrograms.FindRedis(),
        ["--bind", "127.0.0.1", "--port", $"{Address.Port}", "--dir", DataFolder, "--save", "", "--appendonly", "yes",
         "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--enable-debug-command", "local"],
        ServerProcess.Terminate);
}
