using System.Text;
using Chatable.Client;
using Chatable.Tests.Support;

namespace Chatable.Tests.Unit.Client;

public sealed class FileChatStoreTests : IDisposable
{
    private static readonly Guid s_epoch = Guid.Parse("7d9b3f52-6a4e-4f0e-9d1c-0f6e5a4b3c2d");

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("chatable-client-").FullName;

    private string Journal => Path.Combine(_folder, "alice.journal");

    [Fact]
    public async Task WhatWasStoredIsThereAgain()
    {
        await using (var store = new FileChatStore(Journal))
        {
            foreach (var change in Changes())
                await change(store);
        }

        await using var again = new FileChatStore(Journal);
        var content = await again.LoadAsync(_ct);
        Assert.Equal(new ChatCursor(s_epoch, 8), content.Cursor);
        Assert.Equal([new OutgoingMessage("c3", "bob", "three \"\n✓", ChatMessageType.Photo)], content.Outbox);
        Assert.Equal([9], content.SettledAhead);
    }

    [Fact]
    public async Task AProcessKilledAtAnyByteLosesAndDoublesNothingThatWasStored()
    {
        var states = new List<(long Length, string State)>();
        await using (var store = new FileChatStore(Journal))
        {
            states.Add((0, await StateAsync(store)));
            states.Add((new FileInfo(Journal).Length, await StateAsync(store)));
            foreach (var change in Changes())
            {
                await change(store);
                states.Add((new FileInfo(Journal).Length, await StateAsync(store)));
            }
        }

        var bytes = await File.ReadAllBytesAsync(Journal, _ct);
        for (var length = 0; length <= bytes.Length; length++)
        {
            var cut = Path.Combine(_folder, $"cut{length}");
            await File.WriteAllBytesAsync(cut, bytes[..length], _ct);
            var expected = states.Last(state => state.Length <= length).State;
            await using (var store = new FileChatStore(cut))
            {
                Assert.Equal(expected, await StateAsync(store));
                await store.AddAsync(new OutgoingMessage("later", "bob", "later"), _ct);
            }

            // A torn write does not damage what is written after it.
            await using var after = new FileChatStore(cut);
            Assert.EndsWith("later", await StateAsync(after), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DamageBeforeAStoredMessageIsNotPassedOver()
    {
        await using (var store = new FileChatStore(Journal))
        {
            await store.ResetAsync(new ChatCursor(s_epoch, 1), _ct);
            await store.AddAsync(new OutgoingMessage("c1", "bob", "one"), _ct);
        }

        var bytes = await File.ReadAllBytesAsync(Journal, _ct);
        bytes[30] ^= 1;
        await File.WriteAllBytesAsync(Journal, bytes, _ct);
        Assert.Throws<InvalidDataException>(() => new FileChatStore(Journal));

        await File.WriteAllTextAsync(Journal, "something else\n", _ct);
        Assert.Throws<InvalidDataException>(() => new FileChatStore(Journal));
    }

    [Fact]
    public async Task DamageAnywhereIsToldOrHasNoEffect()
    {
        const string Intact = "ChatCursor { Epoch = 7d9b3f52-6a4e-4f0e-9d1c-0f6e5a4b3c2d, Seq = 8 } 9 c3";
        await using (var store = new FileChatStore(Journal))
        {
            foreach (var change in Changes())
                await change(store);
        }

        var bytes = await File.ReadAllBytesAsync(Journal, _ct);
        var damaged = Path.Combine(_folder, "damaged");
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 1;
            await File.WriteAllBytesAsync(damaged, changed, _ct);
            try
            {
                ChatStoreDamage? told = null;
                await using var store = new FileChatStore(damaged);
                store.Damaged += damage => told = damage;
                var state = await StateAsync(store);
                Assert.True(told is not null || state == Intact, $"damage at byte {i} made '{state}' unreported");
            }
            catch (InvalidDataException)
            {
                // The damage is reported too.
            }
        }
    }

    [Fact]
    public async Task ADamagedLastEntryIsToldWithWhatWasKept()
    {
        await using (var store = new FileChatStore(Journal))
        {
            await store.ResetAsync(new ChatCursor(s_epoch, 1), _ct);
            await store.AddAsync(new OutgoingMessage("c1", "bob", "one"), _ct);
            await store.AddAsync(new OutgoingMessage("c2", "bob", "a secret"), _ct);
        }

        var bytes = await File.ReadAllBytesAsync(Journal, _ct);
        var last = bytes.AsSpan(..^1).LastIndexOf((byte)'\n') + 1;
        bytes[^5] ^= 1;
        await File.WriteAllBytesAsync(Journal, bytes, _ct);

        // It is reported again until something is written, because the process may have died before it was handled.
        for (var time = 0; time < 2; time++)
        {
            await using var store = new FileChatStore(Journal);
            var told = new List<ChatStoreDamage>();
            store.Damaged += told.Add;
            await store.LoadAsync(_ct);
            await store.LoadAsync(_ct);
            var damage = Assert.Single(told);
            Assert.Equal((last, bytes.Length - last), (damage.Position, damage.Dropped));
            Assert.Equal(new ChatCursor(s_epoch, 1), damage.Kept.Cursor);
            Assert.Equal("c1", Assert.Single(damage.Kept.Outbox).ClientId);
            Assert.DoesNotContain("secret", damage.ToString(), StringComparison.Ordinal);
        }

        await using (var store = new FileChatStore(Journal))
            await store.AddAsync(new OutgoingMessage("c3", "bob", "three"), _ct);
        await using var after = new FileChatStore(Journal);
        after.Damaged += _ => Assert.Fail("It was cut off.");
        Assert.EndsWith("c1,c3", await StateAsync(after), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneProcessAtATime()
    {
        await using (new FileChatStore(Journal))
            Assert.Throws<IOException>(() => new FileChatStore(Journal));
        await using var next = new FileChatStore(Journal);
        Assert.Null((await next.LoadAsync(_ct)).Cursor);
    }

    [Fact]
    public async Task OneStoreAtATimeByWhicheverNameOfTheFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there, and locks belong to the file anyway.");
        var (symbolic, hard) = (Path.Combine(_folder, "symbolic"), Path.Combine(_folder, "hard"));
        File.CreateSymbolicLink(symbolic, Journal);
        // The first store creates the file through a dangling link.
        await using (var store = new FileChatStore(symbolic))
        {
            await RunAsync("ln", Journal, hard);
            foreach (var lockFile in Directory.GetFiles(_folder, "*.lock"))
                File.Delete(lockFile);
            foreach (var name in (string[])[Journal, symbolic, hard])
                Assert.Throws<IOException>(() => new FileChatStore(name));
            // It stays the same file through many compactions.
            await store.ResetAsync(new ChatCursor(s_epoch, 0), _ct);
            for (var seq = 1; seq <= 5_000; seq++)
                await store.AdvanceAsync(seq, null, _ct);
            foreach (var name in (string[])[Journal, symbolic, hard])
                Assert.Throws<IOException>(() => new FileChatStore(name));
        }

        foreach (var name in (string[])[Journal, symbolic, hard])
        {
            await using var store = new FileChatStore(name);
            Assert.Equal(5_000, (await store.LoadAsync(_ct)).Cursor?.Seq);
        }
    }

    // On Windows, an open file cannot be renamed, replaced or opened a second time. The store tries none of these.
    [Fact]
    public async Task TheFileIsOpenedOnceAndNothingElseIsWrittenBesideIt()
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using (var store = new FileChatStore(Journal))
        {
            using var watcher = new FileSystemWatcher(_folder);
            watcher.Created += (_, change) => seen.Add($"created {change.Name}");
            watcher.Deleted += (_, change) => seen.Add($"deleted {change.Name}");
            watcher.Renamed += (_, change) => seen.Add($"renamed {change.Name}");
            watcher.EnableRaisingEvents = true;
            await store.ResetAsync(new ChatCursor(s_epoch, 0), _ct);
            for (var seq = 1; seq <= 5_000; seq++)
                await store.AdvanceAsync(seq, null, _ct);
            Assert.InRange(new FileInfo(Journal).Length, 1, 70 * 1024);
            await File.WriteAllTextAsync(Path.Combine(_folder, "end"), "", _ct);
            await Eventually.HoldsAsync(() => Task.FromResult(seen.Contains("created end")), "the watcher sees a new file", _ct);
        }

        Assert.Equal(["created end"], seen);
    }

    [Fact]
    public async Task AJournalOfTheFirstFormatGoesOn()
    {
        await using (var store = new FileChatStore(Journal))
        {
            await store.ResetAsync(new ChatCursor(s_epoch, 7), _ct);
            await store.AddAsync(new OutgoingMessage("c1", "bob", "one"), _ct);
        }

        var text = await File.ReadAllTextAsync(Journal, _ct);
        await File.WriteAllTextAsync(Journal, text.Replace("chatable-client 2", "chatable-client 1", StringComparison.Ordinal), _ct);
        await using (var store = new FileChatStore(Journal))
        {
            Assert.EndsWith("c1", await StateAsync(store), StringComparison.Ordinal);
            for (var seq = 8; seq <= 3_000; seq++)
                await store.AdvanceAsync(seq, null, _ct);
        }

        Assert.StartsWith("chatable-client 2\n", await File.ReadAllTextAsync(Journal, _ct), StringComparison.Ordinal);
        await using var again = new FileChatStore(Journal);
        Assert.Equal(3_000, (await again.LoadAsync(_ct)).Cursor?.Seq);
    }

    [Fact]
    public async Task TheFileStaysSmallHoweverMuchHappens()
    {
        await using (var store = new FileChatStore(Journal))
        {
            await store.AddAsync(new OutgoingMessage("waits", "bob", "waits"), _ct);
            await store.ResetAsync(new ChatCursor(s_epoch, 0), _ct);
            for (var seq = 1; seq <= 5_000; seq++)
                await store.AdvanceAsync(seq, null, _ct);
            Assert.InRange(new FileInfo(Journal).Length, 1, 70 * 1024);
        }

        await using var again = new FileChatStore(Journal);
        var content = await again.LoadAsync(_ct);
        Assert.Equal(5_000, content.Cursor?.Seq);
        Assert.Equal("waits", content.Outbox.Single().ClientId);
    }

    [Fact]
    public async Task ACursorThatGoesBackIsRefusedAndNotWritten()
    {
        await using (var store = new FileChatStore(Journal))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.AdvanceAsync(1, null, _ct));
            await store.ResetAsync(new ChatCursor(s_epoch, 5), _ct);
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.AdvanceAsync(5, null, _ct));
        }

        await using var again = new FileChatStore(Journal);
        Assert.Equal(5, (await again.LoadAsync(_ct)).Cursor?.Seq);
    }

    [Fact]
    public async Task TheFormatIsTheDocumentedOne()
    {
        await using (var store = new FileChatStore(Journal))
            await store.ResetAsync(new ChatCursor(s_epoch, 7), _ct);

        const string Json = """{"op":"reset","seq":7,"epoch":"7d9b3f52-6a4e-4f0e-9d1c-0f6e5a4b3c2d"}""";
        var checksum = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Json)))[..16];
        Assert.Equal($"chatable-client 2\n{checksum} {Json}\n", await File.ReadAllTextAsync(Journal, _ct));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Journal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Func<FileChatStore, Task>[] Changes() =>
    [
        async store => await store.AddAsync(new OutgoingMessage("c1", "bob", "one"), _ct),
        async store => await store.ResetAsync(new ChatCursor(s_epoch, 6), _ct),
        async store => await store.AddAsync(new OutgoingMessage("c2", "bob", "two"), _ct),
        async store => await store.SettleAsync("c1", 7, _ct),
        async store => await store.AdvanceAsync(7, null, _ct),
        async store => await store.AddAsync(new OutgoingMessage("c3", "bob", "three \"\n✓", ChatMessageType.Photo), _ct),
        async store => await store.AddAsync(new OutgoingMessage("c4", "nobody", "four"), _ct),
        async store => await store.RemoveAsync("c4", _ct),
        async store => await store.SettleAsync("c2", 9, _ct),
        async store => await store.AdvanceAsync(8, null, _ct),
    ];

    private async Task RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync(_ct);
        Assert.Equal(0, process.ExitCode);
    }

    private async Task<string> StateAsync(FileChatStore store)
    {
        var content = await store.LoadAsync(_ct);
        var outbox = string.Join(',', content.Outbox.Select(message => message.ClientId));
        return $"{content.Cursor} {string.Join(',', content.SettledAhead)} {outbox}";
    }
}
