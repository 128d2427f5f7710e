using System.Globalization;
using Chatable.Tests.Support;
using Npgsql;

namespace Chatable.Tests.Hosting;

/// <summary>PostgreSQL and Redis as processes on this machine.</summary>
public sealed class StoreScriptTests
{
    private const string Postgres = "postgres.sh";
    private const string Redis = "redis.sh";

    // Characters that are special in a shell, a configuration file and a connection string.
    private const string OddPassword = """between;the'runs" $HOME\n """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PostgresKeepsItsDataAndPasswordBetweenRunsAndEndsInGoodOrder()
    {
        using var folder = new TestFolder();
        var data = Path.Combine(folder.Path, "deep", "store");
        await using (var first = new StoreScript(Postgres, data, password: OddPassword))
        {
            await first.SqlAsync("CREATE TABLE kept AS SELECT 42 AS value");
            Assert.Equal(0, await first.StopAsync());
        }

        Assert.Contains("shut down", await ControlDataAsync(Path.Combine(data, "data")), StringComparison.Ordinal);
        await using var second = new StoreScript(Postgres, data, password: OddPassword);
        Assert.Equal(42, await second.SqlAsync("SELECT value FROM kept"));
    }

    [Fact]
    public async Task RedisKeepsItsDataAndPasswordBetweenRuns()
    {
        using var folder = new TestFolder();
        await using (var first = new StoreScript(Redis, folder.Path, password: OddPassword))
        {
            await using var redis = await first.RedisAsync();
            await redis.GetDatabase().StringSetAsync("kept", "still here");
            Assert.Equal(0, await first.StopAsync());
        }

        await using var second = new StoreScript(Redis, folder.Path, password: OddPassword);
        await using var again = await second.RedisAsync();
        Assert.Equal("still here", (string?)await again.GetDatabase().StringGetAsync("kept"));
    }

    [Fact]
    public async Task NothingIsEvictedAndWhatIsWrittenReachesTheDisk()
    {
        using var folder = new TestFolder();
        await using var postgres = new StoreScript(Postgres, Path.Combine(folder.Path, "postgres"));
        await using var redis = new StoreScript(Redis, Path.Combine(folder.Path, "redis"));
        await using var connection = await redis.RedisAsync();

        var info = await connection.GetServers()[0].InfoRawAsync();

        Assert.Contains("maxmemory_policy:noeviction", info, StringComparison.Ordinal);
        Assert.Contains("aof_enabled:1", info, StringComparison.Ordinal);
        Assert.Equal("on", await postgres.SqlAsync("SELECT current_setting('fsync')"));
        Assert.Equal("on", await postgres.SqlAsync("SELECT current_setting('full_page_writes')"));
    }

    [Fact]
    public async Task PostgresRepeatsNoRowsAndNoStatementsInItsLog()
    {
        using var folder = new TestFolder();
        await using var postgres = new StoreScript(Postgres, folder.Path);
        await postgres.SqlAsync("CREATE TABLE messages (body text CHECK (length(body) < 5))");

        await Assert.ThrowsAsync<PostgresException>(() => postgres.SqlAsync("INSERT INTO messages VALUES ('between you and me')"));
        await postgres.StopAsync();

        Assert.Contains("violates check constraint", postgres.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("between you and me", postgres.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Redis)]
    public async Task ThePasswordIsInNoCommandLineNoFileAndNoOutput(string script)
    {
        const string Password = "secretbetweenus";
        using var folder = new TestFolder();
        await using var store = new StoreScript(script, folder.Path, password: Password);
        await AnswersAsync(store, script);

        var commands = store.CommandLines().ToList();

        Assert.True(commands.Count > 1, string.Join('\n', commands));
        Assert.DoesNotContain(commands, line => line.Contains(Password, StringComparison.Ordinal));
        // The empty .lock file is locked by another process.
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            Assert.DoesNotContain(Password, await File.ReadAllTextAsync(file, Cancelled), StringComparison.Ordinal);
        Assert.DoesNotContain(Password, store.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Redis)]
    public async Task ATemporaryFolderGoesWithTheServerEvenWhenThatIsKilled(string script)
    {
        using var folder = new TestFolder();
        foreach (var signal in new[] { Signals.Terminate, Signals.Kill })
        {
            var data = Path.Combine(folder.Path, "store");
            await using var store = new StoreScript(script, data, kept: false);
            await AnswersAsync(store, script);
            Assert.True(Directory.Exists(data));

            Signals.Send(Assert.Single(ProcessTable.ChildrenOf(store.Id)), signal);
            await store.WaitForEndAsync();

            Assert.False(Directory.Exists(data));
        }
    }

    [Fact]
    public async Task WhatAnAppHostThatIsGoneHasLeftIsSweptByTheNext()
    {
        using var folder = new TestFolder();
        // Linux never assigns this process ID.
        var left = Directory.CreateDirectory(Path.Combine(folder.Path, "chatable-99999999-0a1b2c3d-redis"));
        await File.WriteAllTextAsync(Path.Combine(left.FullName, ".lock"), "", Cancelled);
        var inUse = Directory.CreateDirectory(Path.Combine(folder.Path, $"chatable-{Environment.ProcessId}-0a1b2c3d-redis"));
        await File.WriteAllTextAsync(Path.Combine(inUse.FullName, ".lock"), "", Cancelled);

        await using var store = new StoreScript(Redis, Path.Combine(folder.Path, "store"), kept: false);
        await AnswersAsync(store, Redis);

        Assert.False(left.Exists && Directory.Exists(left.FullName));
        Assert.True(Directory.Exists(inUse.FullName));
    }

    [Fact]
    public async Task AFolderInUseIsWaitedForUntilItsServerEnds()
    {
        using var folder = new TestFolder();
        await using var first = new StoreScript(Redis, folder.Path, password: OddPassword);
        await using (var redis = await first.RedisAsync())
            await redis.GetDatabase().StringSetAsync("key", "of the first");

        await using var second = new StoreScript(Redis, folder.Path, password: OddPassword);
        await second.WaitForAsync($"The data in '{folder.Path}' is in use: waiting for its server to end.");
        await first.StopAsync();

        await using var connection = await second.RedisAsync();
        Assert.Equal("of the first", (string?)await connection.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task AFolderThatStaysInUseIsRefusedInOneSentence()
    {
        using var folder = new TestFolder();
        await using var first = new StoreScript(Redis, folder.Path);
        await AnswersAsync(first, Redis);

        await using var second = new StoreScript(Redis, folder.Path);

        Assert.Equal(1, await second.WaitForEndAsync());
        Assert.EndsWith(
            $"The data in '{folder.Path}' is in use by another running topology: stop that one, or start this one with --UseVolumes=false.",
            second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Redis)]
    public async Task AFolderThatCannotBeMadeIsToldInOneSentence(string script)
    {
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "not a folder", Cancelled);

        await using var store = new StoreScript(script, Path.Combine(file, "data"));

        Assert.Equal(1, await store.WaitForEndAsync());
        Assert.EndsWith($"The data folder '{file}/data' cannot be made.", store.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderThatCannotBeLockedIsNotSaidToBeInUse()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, ".lock"));

        await using var store = new StoreScript(Redis, folder.Path);

        Assert.Equal(1, await store.WaitForEndAsync());
        Assert.Equal($"The data folder '{folder.Path}' cannot be locked.", store.Output);
    }

    [Fact]
    public async Task AnInterruptedInitialisationIsNotTakenForADatabase()
    {
        using var folder = new TestFolder();
        var unfinished = Directory.CreateDirectory(Path.Combine(folder.Path, "data.unfinished"));
        await File.WriteAllTextAsync(Path.Combine(unfinished.FullName, "PG_VERSION"), "15\n", Cancelled);

        await using var store = new StoreScript(Postgres, folder.Path);

        Assert.Equal(1, await store.SqlAsync("SELECT 1"));
        Assert.False(Directory.Exists(unfinished.FullName));
    }

    [Fact]
    public async Task DataOfAVersionThatIsNotInstalledIsLeftAloneAndNamed()
    {
        using var folder = new TestFolder();
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "data"));
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "PG_VERSION"), "14\n", Cancelled);

        await using var store = new StoreScript(Postgres, folder.Path);

        Assert.Equal(1, await store.WaitForEndAsync());
        Assert.Equal(
            $"The data in '{data.FullName}' is of PostgreSQL 14, which is not on this machine: install it, or delete the folder.", store.Output);
        Assert.Single(Directory.GetFileSystemEntries(data.FullName));
    }

    [Theory]
    [InlineData(Postgres, "postgres", "postgres (PostgreSQL) 14.13 (Debian)", "PostgreSQL 15 or later is needed, but {0} is version 14.13: install a newer one.")]
    [InlineData(Redis, "redis-server", "Redis server v=6.2.14 sha=00000000:0", "Redis 7 or later is needed, but {0} is version 6.2.14: install a newer one.")]
    public async Task AProgramThatIsTooOldIsNamedWithItsVersion(string script, string program, string says, string expected)
    {
        using var programs = new TestFolder();
        using var folder = new TestFolder();
        var old = ShellTools.Write(programs.Path, program, $"echo '{says}'");
        ShellTools.Write(programs.Path, "initdb", "exit 1");

        await using var store = new StoreScript(script, folder.Path, path: programs.Path);

        Assert.Equal(1, await store.WaitForEndAsync());
        Assert.Equal(string.Format(CultureInfo.InvariantCulture, expected, old), store.Output);
    }

    [Fact]
    public async Task ValkeyWillDoWhereThereIsNoRedis()
    {
        using var programs = new TestFolder();
        using var folder = new TestFolder();
        ShellTools.LinkAllBut(programs.Path, "redis-server", "valkey-server");
        ShellTools.Write(programs.Path, "valkey-server", $"exec {InstalledPrograms.FindRedis()} \"$@\"");

        await using var store = new StoreScript(Redis, folder.Path, path: programs.Path, pathAlone: true);

        await AnswersAsync(store, Redis);
    }

    private static async Task AnswersAsync(StoreScript store, string script)
    {
        if (script == Postgres)
            await store.SqlAsync("SELECT 1");
        else
            await (await store.RedisAsync()).DisposeAsync();
    }

    private static async Task<string> ControlDataAsync(string data) =>
        (await ProcessRun.OfAsync(InstalledPrograms.Find("pg_controldata"), [data], Cancelled)).Output;
}
