using System.Globalization;
using System.Text;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Wire;
using Chatable.Tests.Api;
using Chatable.Tests.Fanout;
using Chatable.Tests.Support;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace Chatable.Tests.Delivery;

/// <summary>
/// With any valid settings of a server and a worker, the smallest and the largest message are delivered over both protocols. So is the
/// largest message in the database, stored when the limit was higher.
/// </summary>
public sealed class RandomOptionsTests(PostgresServer postgres, RedisServer redis, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(null)]
    public async Task TheSmallestAndTheLargestMessageGoThrough(int? seed)
    {
        var random = new Random(seed ??= Random.Shared.Next());
        // The first two seeds choose all minimum and all maximum values.
        Choice choice = (least, most) => seed switch
        {
            0 => least,
            1 => most,
            _ => random.Next(3) switch { 0 => least, 1 => most, _ => random.NextInt64(least, most) },
        };
        var realtime = ChooseRealtime(choice);
        Assert.Empty(realtime.Contradictions());
        (string Key, string Value)[] settings = [.. SettingsOf(realtime), .. ChooseOthers(choice)];
        output.WriteLine($"seed {seed}: {string.Join(' ', settings.Select(one => $"{one.Key}={one.Value}"))}");
        await AssertDeliversAsync(realtime, settings);
    }

    private async Task AssertDeliversAsync(RealtimeOptions realtime, (string Key, string Value)[] settings)
    {
        var prefix = $"{Guid.NewGuid():N}:";
        var connectionString = await postgres.CreateMigratedDatabaseAsync(Token);
        await using var worker = WorkerProcess.Start("w1", connectionString, redis.ConnectionString, prefix, settings);
        using var api = await ApiProcess.StartAsync(
            connectionString, redis.ConnectionString, Token, [.. settings, ("Chatable__KeyPrefix", prefix)]);
        using var client = new ChatClient(api.Address);
        var (bob, alice) = (await client.RegisterAsync(Token), await client.RegisterAsync(Token));
        await using var bobs = await V2Socket.JoinAsync(api.Address, bob.Token, Token);
        await using var alices = await V2Socket.JoinAsync(api.Address, alice.Token, Token);

        foreach (var text in (string[])["x", new string('x', realtime.MaxMessageBytes)])
        {
            await bobs.SendAsync(V2Socket.Message(V2Requests.NewKey(), alice, text), Token);
            await bobs.ReceiveAsync("ack", Token);
            Assert.Equal(text, (await alices.ReceiveAsync("message", Token)).Text("message"));
            Assert.Equal(201, (await client.SayAsync(bob, alice, text, Token)).Status);
            await bobs.ReceiveAsync("message", Token);
            Assert.Equal(text, (await alices.ReceiveAsync("message", Token)).Text("message"));
        }

        // Each of its bytes becomes six in JSON.
        var largest = $"x{new string('\u0001', MessageRecord.MaxBodyBytes - 1)}";
        await AppendAsync(connectionString, prefix, settings, bob, alice, largest);
        Assert.Equal(largest, (await alices.ReceiveAsync("message", Token)).Text("message"));
        Assert.Equal(largest, (await bobs.ReceiveAsync("message", Token)).Text("message"));
    }

    private async Task AppendAsync(
        string connectionString, string prefix, (string Key, string Value)[] settings, ChatUser author, ChatUser recipient, string text)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
        var partitions = int.Parse(settings.Single(one => one.Key == "Intake__Partitions").Value, CultureInfo.InvariantCulture);
        var log = new IntakeLog(connection, Options.Create(new IntakeOptions { KeyPrefix = prefix, Partitions = partitions }));
        var entry = new IntakeEntry
        {
            MessageId = Guid.CreateVersion7(),
            ClientId = ClientId.New(),
            AuthorId = await FindAsync(source, author),
            Author = author.Username,
            RecipientId = await FindAsync(source, recipient),
            Recipient = recipient.Username,
            Body = Encoding.UTF8.GetBytes(text),
            Origin = new Origin(Guid.NewGuid(), 1),
        };
        var partition = Partitioning.PartitionOf(entry.AuthorId, entry.RecipientId, partitions);
        Assert.Equal(AcceptOutcome.Accepted, await log.AppendAsync(partition, [entry.Encode()], Token));
    }

    private static async Task<long> FindAsync(NpgsqlDataSource source, ChatUser user)
    {
        await using var command = source.CreateCommand($"SELECT id FROM users WHERE username = '{user.Username}'");
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    // A bound that depends on other settings is the one that validation computes.
    private static RealtimeOptions ChooseRealtime(Choice choice)
    {
        var options = new RealtimeOptions
        {
            MaxMessageBytes = (int)choice(1, MessageLimit.Most),
            FramesPerSecond = (int)choice(1, 1_000_000),
            FrameBurst = (int)choice(1, 1_000_000),
            ControlFramesPerSecond = (int)choice(1, 1_000_000),
            ControlFrameBurst = (int)choice(1, 1_000_000),
            SocketsPerUser = (int)choice(1, 1000),
            Window = (int)choice(1, 1000),
            PendingSends = (int)choice(1, 10_000),
            MaxThrottle = TimeSpan.FromMilliseconds(choice(1, 35_000)),
        };
        options.MaxFrameBytes = (int)choice(options.MaxMessageBytes + MessageLimit.Envelope, 1024 * 1024);
        options.OutboundFrames = (int)choice(OptionContradictions.LeastOutboundFrames(options), 100_000);
        options.OutboundBytes = (int)choice(OptionContradictions.LeastOutboundBytes(options), 1024 * 1024 * 1024);
        return options;
    }

    private static IEnumerable<(string, string)> SettingsOf(RealtimeOptions options) =>
    [
        ("Realtime__MaxMessageBytes", $"{options.MaxMessageBytes}"),
        ("Realtime__FramesPerSecond", $"{options.FramesPerSecond}"),
        ("Realtime__FrameBurst", $"{options.FrameBurst}"),
        ("Realtime__ControlFramesPerSecond", $"{options.ControlFramesPerSecond}"),
        ("Realtime__ControlFrameBurst", $"{options.ControlFrameBurst}"),
        ("Realtime__SocketsPerUser", $"{options.SocketsPerUser}"),
        ("Realtime__Window", $"{options.Window}"),
        ("Realtime__PendingSends", $"{options.PendingSends}"),
        ("Realtime__MaxThrottle", $"{options.MaxThrottle:c}"),
        ("Realtime__MaxFrameBytes", $"{options.MaxFrameBytes}"),
        ("Realtime__OutboundFrames", $"{options.OutboundFrames}"),
        ("Realtime__OutboundBytes", $"{options.OutboundBytes}"),
    ];

    private static IEnumerable<(string, string)> ChooseOthers(Choice choice) =>
    [
        ("Realtime__Delivery__Hold", Milliseconds(choice(1, 1000))),
        ("Realtime__Delivery__HoldLimit", $"{choice(1, 100_000)}"),
        ("Realtime__Delivery__PageSize", $"{choice(1, 1000)}"),
        ("Realtime__Delivery__ConcurrentReads", $"{choice(1, 1000)}"),
        ("Realtime__Delivery__Poll", Milliseconds(choice(1, 2000))),
        ("Realtime__Delivery__QueueBatches", $"{choice(1, 10_000)}"),
        ("Messages__MaxWaiting", $"{choice(1, 100_000)}"),
        ("Messages__WaitingPerUser", $"{choice(1, 100_000)}"),
        ("Messages__RequestsPerSecond", $"{choice(1, 1_000_000)}"),
        ("Messages__RequestBurst", $"{choice(2, 1_000_000)}"),
        ("Messages__LookEvery", Milliseconds(choice(10, 300_000))),
        ("Intake__Partitions", $"{choice(1, 1024)}"),
        ("Intake__Limit", $"{choice(100, 10_000_000)}"),
        ("Intake__DeadLetterLimit", $"{choice(1, 10_000_000)}"),
        ("ServerQueue__Limit", $"{choice(100, 10_000_000)}"),
        ("Fanout__BatchSize", $"{choice(1, 5000)}"),
        ("Fanout__Transactions", $"{choice(1, 16)}"),
        ("Fanout__LeastTransactionSize", $"{choice(1, 5000)}"),
        ("Fanout__Lanes", $"{choice(1, 16)}"),
        ("Fanout__PollInterval", Milliseconds(choice(1, 2000))),
        ("Fanout__MaxAttempts", $"{choice(1, 1000)}"),
    ];

    private static string Milliseconds(long count) => TimeSpan.FromMilliseconds(count).ToString("c", CultureInfo.InvariantCulture);

    private delegate long Choice(long least, long most);
}
