using Chatable.Client;

namespace Chatable.Tests.Unit.Client;

/// <summary>The file store on a machine that crashes, and on a disk that fails, at every byte and every flush.</summary>
public sealed class FileChatStoreCrashTests : IDisposable
{
    private const int CompactAtLeast = 400;

    private static readonly Guid s_epoch = Guid.Parse("7d9b3f52-6a4e-4f0e-9d1c-0f6e5a4b3c2d");

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly string _folder = Directory.CreateTempSubdirectory("chatable-client-").FullName;
    private int _files;

    private sealed record Change(string Name, bool IsDurable, Func<FileChatStore, ValueTask> Make);

    private sealed record Moment(int Steps, string State, bool IsDurable);

    [Fact]
    public async Task AMachineThatDiesAtAnyByteOrFlushLosesNothingThatWasDurable()
    {
        var file = new RecordedFile(Fresh());
        var moments = new List<Moment>();
        await using (var store = new FileChatStore(file, CompactAtLeast))
        {
            moments.Add(new Moment(file.Steps.Count, await StateAsync(store), IsDurable: true));
            foreach (var change in Changes())
            {
                await change.Make(store);
                moments.Add(new Moment(file.Steps.Count, await StateAsync(store), change.IsDurable));
            }
        }

        var compactions = file.Steps.Count(step => step.Kind == RecordedFile.Kind.Cut);
        Assert.InRange(compactions, 2, int.MaxValue);
        var seen = new HashSet<(string Content, string Allowed)>();
        for (var steps = moments[0].Steps; steps <= file.Steps.Count; steps++)
        {
            var allowed = AllowedAfter(steps, moments);
            foreach (var content in file.ContentsAfter(steps))
            {
                if (seen.Add((Convert.ToBase64String(content), string.Join('\n', allowed))))
                    await VerifyAsync(content, allowed, $"after {steps} steps");
            }
        }

        Assert.InRange(seen.Count, 1_000, int.MaxValue);
    }

    [Fact]
    public async Task AMachineThatDiesInTheMakingOfTheFileLeavesOneThatOpens()
    {
        var file = new RecordedFile(Fresh());
        await using (new FileChatStore(file, CompactAtLeast))
        {
        }

        for (var steps = 0; steps <= file.Steps.Count; steps++)
        {
            foreach (var content in file.ContentsAfter(steps))
                await VerifyAsync(content, [" |  | "], $"after {steps} steps");
        }

        await VerifyAsync(new byte[18], [" |  | "], "zeros");
    }

    public static TheoryData<int> Failures => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task ADiskThatFailsOnceFailsAtMostOneChangeAndLosesNone(int failing)
    {
        foreach (var failures in (int[])[1, 2, 3])
        {
            var path = Fresh();
            var file = new RecordedFile(path);
            string expected;
            await using (var store = new FileChatStore(file, CompactAtLeast))
            {
                var asked = 0;
                file.Fails = (_, _) => asked++ is var step && step >= failing && step < failing + failures;
                var refused = 0;
                foreach (var change in Changes())
                    refused += await ThrowsAsync(change, store) ? 1 : 0;
                Assert.InRange(refused, 0, failures);
                file.Fails = (_, _) => false;
                await store.AddAsync(new OutgoingMessage("last", "bob", "last"), _ct);
                expected = await StateAsync(store);
            }

            // A call that threw had no effect, in memory or on the disk; every other call had its effect in both.
            await using var again = new FileChatStore(path);
            Assert.Equal(expected, await StateAsync(again));
        }
    }

    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    [InlineData("cut")]
    public async Task ACompactionThatFailsIsPutOffAndFailsNoCall(string failing)
    {
        var path = Fresh();
        var file = new RecordedFile(path);
        await using (var store = new FileChatStore(file, CompactAtLeast))
        {
            await store.AddAsync(new OutgoingMessage("waits", "bob", "waits"), _ct);
            await store.ResetAsync(new ChatCursor(s_epoch, 0), _ct);
            // Cursor moves are short and not flushed, so only compactions fail.
            file.Fails = (kind, bytes) => failing switch
            {
                "write" => kind == RecordedFile.Kind.Write && bytes > 100,
                "flush" => kind == RecordedFile.Kind.Flush,
                _ => kind == RecordedFile.Kind.Cut,
            };
            for (var seq = 1; seq <= 100; seq++)
                await store.AdvanceAsync(seq, null, _ct);
            Assert.InRange(file.Length, 2_000, 100_000);

            file.Fails = (_, _) => false;
            for (var seq = 101; seq <= 300; seq++)
                await store.AdvanceAsync(seq, null, _ct);
            Assert.InRange(file.Length, 1, 2 * CompactAtLeast);
        }

        await using var again = new FileChatStore(path);
        var content = await again.LoadAsync(_ct);
        Assert.Equal(300, content.Cursor?.Seq);
        Assert.Equal("waits", content.Outbox.Single().ClientId);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<Change> Changes()
    {
        yield return new("add", true, store => store.AddAsync(new OutgoingMessage("c1", "bob", "one"), CancellationToken.None));
        yield return new("reset", true, store => store.ResetAsync(new ChatCursor(s_epoch, 6), CancellationToken.None));
        yield return new("add", true, store => store.AddAsync(new OutgoingMessage("c2", "bob", "two \"\n✓"), CancellationToken.None));
        yield return new("settle", false, store => store.SettleAsync("c1", 8, CancellationToken.None));
        foreach (var seq in Enumerable.Range(7, 6))
            yield return new("advance", false, store => AdvanceAsync(store, seq));
        yield return new("add", true, store => store.AddAsync(new OutgoingMessage("c3", "nobody", "three"), CancellationToken.None));
        yield return new("remove", true, store => store.RemoveAsync("c3", CancellationToken.None));
        yield return new("settle", false, store => store.SettleAsync("c2", 30, CancellationToken.None));
        foreach (var seq in Enumerable.Range(13, 8))
            yield return new("advance", false, store => AdvanceAsync(store, seq));
        yield return new("add", true, store => store.AddAsync(new OutgoingMessage("c4", "bob", "four"), CancellationToken.None));
    }

    // If the disk refused the first cursor, there is none to move.
    private static async ValueTask AdvanceAsync(FileChatStore store, long seq)
    {
        if ((await store.LoadAsync(CancellationToken.None)).Cursor?.Seq < seq)
            await store.AdvanceAsync(seq, null, CancellationToken.None);
    }

    // From the last durable state whose call had returned to the state of the call in progress.
    private static List<string> AllowedAfter(int steps, List<Moment> moments)
    {
        var first = moments.FindLastIndex(moment => moment.IsDurable && moment.Steps <= steps);
        var last = moments.FindLastIndex(moment => moment.Steps <= steps);
        return [.. moments.Skip(first).Take(last - first + 2).Select(moment => moment.State)];
    }

    private async Task VerifyAsync(byte[] content, IReadOnlyCollection<string> allowed, string when)
    {
        var path = Fresh();
        await File.WriteAllBytesAsync(path, content, _ct);
        await using (var store = new FileChatStore(path))
        {
            var state = await StateAsync(store);
            Assert.True(allowed.Contains(state), $"{when}: '{state}' is none of '{string.Join("', '", allowed)}'");
            await store.AddAsync(new OutgoingMessage("later", "bob", "later"), _ct);
        }

        // A torn write does not damage what is written after it.
        await using (var after = new FileChatStore(path))
            Assert.EndsWith("later", await StateAsync(after), StringComparison.Ordinal);
        File.Delete(path);
    }

    private static async Task<bool> ThrowsAsync(Change change, FileChatStore store)
    {
        try
        {
            await change.Make(store);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private async Task<string> StateAsync(FileChatStore store)
    {
        var content = await store.LoadAsync(_ct);
        var outbox = string.Join(',', content.Outbox.Select(message => message.ClientId));
        return $"{content.Cursor?.Seq} | {string.Join(',', content.SettledAhead)} | {outbox}";
    }

    private string Fresh() => Path.Combine(_folder, $"{_files++}.journal");
}
