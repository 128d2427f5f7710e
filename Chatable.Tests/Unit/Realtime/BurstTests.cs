using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;
using Chatable.Tests.Support;
using Chatable.Tests.Unit.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Tests.Unit.Realtime;

/// <summary>More comes at once than any queue holds, over a real connection whose client reads all it gets.</summary>
public sealed class BurstTests : IAsyncLifetime
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly RealtimeOptions _options = new();
    private readonly DeliveryOptions _delivery = new();
    private readonly SocketWriter _writer;
    private readonly LogCursor _cursor;
    private SocketPair _sockets = null!;
    private int _messages;
    private int _bytes = 10;

    public BurstTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var metrics = new RealtimeMetrics(meters);
        _writer = new SocketWriter(_options, TimeProvider.System, metrics);
        _cursor = new LogCursor(
            42, _writer, (in entry) => _writer.Send(V2Frames.Entry(entry.Entry, entry.Seq, forActor: false)), (_, _) => { }, ReadAsync, _delivery,
            TimeProvider.System, new DeliveryMetrics(meters));
    }

    public async ValueTask InitializeAsync() => _sockets = await SocketPair.OpenAsync(_ct);

    [Fact]
    public async Task AThousandLargeMessagesPushedAtOnceAllArriveInOrder()
    {
        (_messages, _bytes) = (1000, 8 * 1024);
        _cursor.StartAfter(0, new LogHead(Guid.Empty, 0));

        for (var seq = 1; seq <= _messages; seq++)
            _cursor.Push(Entry(seq), epoch: 0);

        await AssertAllArriveAsync();
    }

    [Fact]
    public async Task LargeMessagesReadFromTheLogAllArriveInOrder()
    {
        (_messages, _bytes) = (1000, 8 * 1024);
        _cursor.StartAfter(0, new LogHead(Guid.Empty, 0));

        _cursor.NoticeHead(_messages, epoch: 0);

        await AssertAllArriveAsync();
    }

    [Fact]
    public async Task AllThatIsHeldArrivesOnceTheGapBeforeItIsFilled()
    {
        _messages = 1 + _delivery.HoldLimit;
        _cursor.StartAfter(0, new LogHead(Guid.Empty, 0));

        for (var seq = 2; seq <= _messages; seq++)
            _cursor.Push(Entry(seq), epoch: 0);
        _cursor.Push(Entry(1), epoch: 0);

        await AssertAllArriveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _writer.Close(CloseCode.Normal);
        _sockets.Client.Dispose();
        await _writer.Ended;
        _sockets.Dispose();
    }

    private async Task AssertAllArriveAsync()
    {
        // Only now, so that everything has piled up.
        _writer.Start(_sockets.Server);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        for (var seq = 1; seq <= _messages; seq++)
        {
            UseThePool();
            using var frame = JsonDocument.Parse(await _sockets.ReceiveAsync(timeout.Token));
            Assert.Equal(TextOf(seq), frame.RootElement.GetProperty("message").GetString());
        }

        Assert.Null(_writer.Closing);
    }

    private Task<LogPage> ReadAsync(long user, Guid known, long after, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(new LogPage(
            new LogHead(Guid.Empty, _messages),
            [.. Enumerable.Range((int)after + 1, Math.Min(limit, _messages - (int)after)).Select(seq => Entry(seq))]));

    // What was returned too early would now be overwritten.
    private void UseThePool()
    {
        byte[][] lent = [.. Enumerable.Range(0, 4).Select(_ => ArrayPool<byte>.Shared.Rent(_bytes + 128))];
        foreach (var bytes in lent)
        {
            bytes.AsSpan().Fill((byte)'?');
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private string TextOf(long seq) => $"{seq}".PadLeft(_bytes);

    private Envelope Entry(long seq) => new(seq, MessageEntry.Of(Samples.Message with { Body = Encoding.ASCII.GetBytes(TextOf(seq)) }));
}
