using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Users;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chatable.Tests.Unit.Sending;

public class IntakeWriterTests
{
    private const int Partitions = 16;

    private static readonly int[] s_sizes = [256, 512, 1024, 2048, 4096];

    private static readonly AuthenticatedUser s_bob = new(42, "bob", 1, "KEY", DateTimeOffset.MaxValue);
    private readonly List<(int Partition, IntakeEntry[] Entries)> _appended = [];
    private readonly List<ReadOnlyMemory<byte>> _given = [];
    private readonly Queue<AcceptOutcome> _outcomes = [];

    [Fact]
    public async Task TheAuthorIsTheUserWhoIsAuthenticated()
    {
        Assert.Equal([AcceptOutcome.Accepted], await AcceptAsync("user1"));

        var entry = Assert.Single(Assert.Single(_appended).Entries);
        Assert.Equal((42, "bob", 1, "USER1"), (entry.AuthorId, entry.Author, entry.RecipientId, entry.Recipient));
        Assert.Equal("to user1", Encoding.UTF8.GetString(entry.Body.Span));
        Assert.Equal(7, entry.Origin.ConnectionId);
        Assert.Equal(7, entry.MessageId.Version);
        Assert.Null(entry.After);
    }

    [Fact]
    public async Task NeighboursOfOnePartitionGoInTogetherAndTheOrderStays()
    {
        var elsewhere = Enumerable.Range(2, 100).First(user => PartitionOf(user) != PartitionOf(1));

        var outcomes = await AcceptAsync("user1", "user1", "nobody", "user1", $"user{elsewhere}", "user1");

        Assert.Equal([PartitionOf(1), PartitionOf(1), PartitionOf(elsewhere), PartitionOf(1)], _appended.Select(call => call.Partition));
        Assert.Equal([2, 1, 1, 1], _appended.Select(call => call.Entries.Length));
        Assert.Equal(AcceptOutcome.UnknownRecipient, outcomes[2]);
        Assert.Equal(5, outcomes.Count(outcome => outcome == AcceptOutcome.Accepted));
    }

    [Fact]
    public async Task NothingGoesAheadOfAMessageWhoseFateIsUnknown()
    {
        var elsewhere = Enumerable.Range(2, 100).First(user => PartitionOf(user) != PartitionOf(1));
        _outcomes.Enqueue(AcceptOutcome.Busy);
        _outcomes.Enqueue(AcceptOutcome.Unknown);

        var outcomes = await AcceptAsync($"user{elsewhere}", "user1", $"user{elsewhere}", "nobody");

        Assert.Equal([AcceptOutcome.Busy, AcceptOutcome.Unknown, AcceptOutcome.Unknown, AcceptOutcome.Unknown], outcomes);
        Assert.Equal(2, _appended.Count);
    }

    [Fact]
    public async Task ADirectoryThatFailsIsNoUnknownRecipient()
    {
        var outcomes = await AcceptAsync("failing", "user1");

        Assert.Equal([AcceptOutcome.Unavailable, AcceptOutcome.Accepted], outcomes);
    }

    [Theory]
    [InlineData(AcceptOutcome.Unavailable)]
    [InlineData(AcceptOutcome.Unknown)]
    public async Task BytesThatMayStillBeSentAreNotLentToOthers(AcceptOutcome outcome)
    {
        _outcomes.Enqueue(outcome);

        await AcceptAsync("user1", "user1");

        var before = _given.Select(bytes => bytes.ToArray()).ToArray();
        var lent = Enumerable.Range(0, 100).SelectMany(_ => s_sizes.Select(ArrayPool<byte>.Shared.Rent)).ToArray();
        foreach (var bytes in lent)
            bytes.AsSpan().Fill((byte)'?');
        Assert.Equal(before, _given.Select(bytes => bytes.ToArray()));
        foreach (var bytes in lent)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    [Fact]
    public async Task EveryMessageIsATraceOfItsOwnAndItsEntryCarriesIt()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Chatable.Realtime",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        var ended = new ConcurrentDictionary<ActivitySpanId, Activity>();
        listener.ActivityStopped = activity => ended[activity.SpanId] = activity;
        ActivitySource.AddActivityListener(listener);

        await AcceptAsync("user1", "user1");

        var entries = Assert.Single(_appended).Entries;
        Assert.Equal(2, entries.Select(entry => entry.Trace.TraceId).Distinct().Count());
        foreach (var entry in entries)
        {
            var span = ended[entry.Trace.SpanId];
            Assert.Equal(("chatable.accept", entry.Trace.TraceId), (span.OperationName, span.TraceId));
            Assert.Equal(["chatable.outcome"], span.TagObjects.Select(tag => tag.Key));
        }
    }

    private static int PartitionOf(long user) => Partitioning.PartitionOf(s_bob.UserId, user, Partitions);

    private Task<AcceptOutcome[]> AcceptAsync(params string[] recipients)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var intakeWriter = new IntakeWriter(
            FindAsync, AppendAsync, Partitions, ServerIdentity.Create(null), new SendingMetrics(meters), TimeProvider.System,
            NullLogger<IntakeWriter>.Instance);
        PendingSend[] sends = [.. recipients.Select(to => new PendingSend(ClientId.New(), to, Encoding.UTF8.GetBytes($"to {to}"), 0))];
        return intakeWriter.AcceptAsync(new Sender(s_bob, ConnectionId: 7), sends, TestContext.Current.CancellationToken);
    }

    private static async ValueTask<UserRef?> FindAsync(string username, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return username switch
        {
            "failing" => throw new TimeoutException(),
            "nobody" => null,
            _ => new UserRef(long.Parse(username["user".Length..]), username.ToUpperInvariant()),
        };
    }

    private Task<AcceptOutcome> AppendAsync(int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken)
    {
        _given.AddRange(entries);
        // Copied, since the bytes are somebody else's once they are accepted.
        var decoded = entries.Select(bytes => IntakeEntry.TryDecode(bytes.ToArray(), out var entry) ? entry : throw new FormatException());
        _appended.Add((partition, [.. decoded]));
        return Task.FromResult(_outcomes.TryDequeue(out var outcome) ? outcome : AcceptOutcome.Accepted);
    }
}
