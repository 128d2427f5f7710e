using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Chatable.Tests.Support;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Hosting;

/// <summary>A script that runs a store as a process, run as the orchestrator does.</summary>
internal sealed class StoreScript : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly int _port = ServerProcess.FreePort();
    private readonly string _password;

    /// <param name="script"><c>postgres.sh</c> or <c>redis.sh</c>.</param>
    /// <param name="folder">The data folder.</param>
    /// <param name="kept">Whether the data is kept when it ends.</param>
    /// <param name="password">Random unless given.</param>
    /// <param name="path">Searched for programs before PATH, or instead of it if <paramref name="pathAlone"/> is set.</param>
    /// <param name="pathAlone">Whether PATH is only <paramref name="path"/>.</param>
    public StoreScript(
        string script, string folder, bool kept = true, string? password = null, string? path = null, bool pathAlone = false)
    {
        _password = password ?? RandomNumberGenerator.GetHexString(24);
        var start = new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, script), folder, kept ? "keep" : "discard"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SERVER_PORT"] = _port.ToString(CultureInfo.InvariantCulture);
        start.Environment["SERVER_PASSWORD"] = _password;
        if (path is not null)
            start.Environment["PATH"] = pathAlone ? path : $"{path}:{Environment.GetEnvironmentVariable("PATH")}";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Note(e.Data);
        _process.ErrorDataReceived += (_, e) => Note(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public string Output => string.Join('\n', _lines);

    public int Id => _process.Id;

    /// <summary>Runs a statement as soon as the server accepts it.</summary>
    public async Task<object?> SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "localhost",
            Port = _port,
            Username = "postgres",
            Password = _password,
            Database = "postgres",
            Pooling = false,
        }.ConnectionString);
        await Eventually.HoldsAsync(
            async () =>
            {
                Assert.False(_process.HasExited, Output);
                try
                {
                    await connection.OpenAsync(Cancelled);
                    return true;
                }
                catch (NpgsqlException exception) when (exception is not PostgresException { SqlState: PostgresErrorCodes.InvalidPassword })
                {
                    return false;
                }
            },
            "PostgreSQL answers", Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancelled);
    }

    /// <summary>A connection to Redis, as soon as it accepts one.</summary>
    public async Task<ConnectionMultiplexer> RedisAsync()
    {
        ConnectionMultiplexer? connection = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                Assert.False(_process.HasExited, Output);
                try
                {
                    connection = await ConnectionMultiplexer.ConnectAsync(
                        new ConfigurationOptions { EndPoints = { { "localhost", _port } }, Password = _password, AllowAdmin = true });
                    await connection.GetDatabase().PingAsync();
                    return true;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            "Redis answers", Cancelled);
        return connection!;
    }

    /// <summary>The command lines of the script and of all its descendants.</summary>
    public IEnumerable<string> CommandLines() => Descendants(_process.Id).Select(ProcessTable.CommandLine);

    public Task WaitForAsync(string text) => Eventually.HoldsAsync(
        () => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)), $"it prints '{text}'", Cancelled, TimeSpan.FromSeconds(60));

    /// <summary>Sends SIGTERM, as the orchestrator does.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        return WaitForEndAsync();
    }

    public async Task<int> WaitForEndAsync()
    {
        await _process.WaitForExitAsync(Cancelled).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, Signals.Terminate);
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        }

        _process.Dispose();
    }

    private static IEnumerable<int> Descendants(int id) => ProcessTable.ChildrenOf(id).SelectMany(Descendants).Prepend(id);

    private void Note(string? line)
    {
        if (line is not null)
            _lines.Enqueue(line);
    }
}
