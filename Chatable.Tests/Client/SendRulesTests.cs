using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chatable.Client;
using Chatable.Client.Session;
using Chatable.Client.Wire;
using Chatable.Messaging.Wire.V2;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

/// <summary>Messages that no server accepts are refused at the call and never sent.</summary>
public sealed class SendRulesTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Refused => new()
    {
        { "order 42", "bob", "hello", "invalid" },
        { "", "bob", "hello", "invalid" },
        { "é", "bob", "hello", "invalid" },
        { "c\ud83d", "bob", "hello", "invalid" },
        { new string('c', 65), "bob", "hello", "invalid" },
        { "c1", "", "hello", "invalid" },
        { "c1", "bob\ude00", "hello", "invalid" },
        { "c1", "b\0b", "hello", "invalid" },
        { "c1", new string('b', 256), "hello", "invalid" },
        { "c1", new string('é', 128), "hello", "invalid" },
        { "c1", "bob", "half \ud83d", "invalid" },
        { "c1", "bob", "\ude00 half", "invalid" },
        { "c1", "bob", "turned \ude00\ud83d", "invalid" },
        { "c1", "bob", "nothing\0", "invalid" },
        { "c1", "bob", "", "empty" },
        { "c1", "bob", " \t\r\n\u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000", "empty" },
        { "c1", "bob", "\u00ad\u034f\u061c\u115f\u17b4\u180e\u200b\u200d\u202e\u2060\u2064\u206f\ufe0f\ufeff\ufff0", "empty" },
        { "c1", "bob", "\u2800\u3164\uffa0", "empty" },
        { "c1", "bob", "\ud82f\udca0 \ud834\udd73 \udb40\udc41", "empty" },
    };

    public static TheoryData<string, string> Taken => new()
    {
        { "order_42-A", "." },
        { new string('c', 64), "\ud83d\ude00" },
        { "c1", "\u200b.\u2800" },
        { "c1", "\u00a8\ufffd" },
        { "c1", "\u2801" },
    };

    [Theory]
    // A test runner's list would not preserve half a surrogate pair.
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void WhatCannotBeSentHasAFault(string clientId, string recipient, string text, string code) =>
        Assert.Equal(code, SendRules.FaultOf(new OutgoingMessage(clientId, recipient, text))?.Code);

    [Theory]
    [MemberData(nameof(Taken), DisableDiscoveryEnumeration = true)]
    public void WhatCanBeSentHasNone(string clientId, string text) =>
        Assert.Null(SendRules.FaultOf(new OutgoingMessage(clientId, "bob", text)));

    [Fact]
    public void AKindThatIsNoneHasAFault() =>
        Assert.Equal("invalid", SendRules.FaultOf(new OutgoingMessage("c1", "bob", "hello", (ChatMessageType)7))?.Code);

    [Fact]
    public void TheRulesAreNoStricterThanTheServers()
    {
        foreach (var row in Taken)
        {
            var message = new OutgoingMessage(row.Data.Item1, "bob", row.Data.Item2);
            Assert.Null(V2ClientFrames.Read(ClientFrames.Send(message).Span, 8 * 1024).Faulty);
        }
    }

    // Uses the runtime's Unicode data: a format character or separator missing from our list of invisible characters needs a look.
    [Fact]
    public void EveryFormatCharacterThatIsNotDrawnIsAmongTheInvisible()
    {
        int[] drawn = [0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD];
        var missing = Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(value => new Rune(value))
            .Where(rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.SpaceSeparator)
            .Where(rune => !drawn.Contains(rune.Value) && rune.Value is not (>= 0x13430 and <= 0x1343F) and not (>= 0xFFF9 and <= 0xFFFB))
            .Where(rune => SendRules.FaultOf(new OutgoingMessage("c1", "bob", rune.ToString())) is null)
            .Select(rune => $"U+{rune.Value:X4}");

        Assert.Empty(missing);
    }

    public static TheoryData<string?, string, string> RefusedAtTheCall => new()
    {
        { "order 42", "hello", "invalid" },
        { null, "half \ud83d", "invalid" },
        { null, "\u200b \u2800", "empty" },
    };

    [Theory]
    [MemberData(nameof(RefusedAtTheCall), DisableDiscoveryEnumeration = true)]
    public async Task ItIsRefusedAtTheCallAndTheNextOneGoesOn(string? clientId, string text, string code)
    {
        await using var alice = await servers.StartMemberAsync(_ct, servers.A);
        var failures = new ConcurrentQueue<ChatSendException>();
        alice.Connection.SendFailed += failures.Enqueue;

        var refused = await Assert.ThrowsAsync<ChatSendException>(
            () => alice.Connection.SendAsync(alice.Name, text, clientId: clientId, cancellationToken: _ct));

        Assert.Equal(code, refused.Code);
        Assert.Same(refused, Assert.Single(failures));
        Assert.Equal(0, alice.Connection.Unacknowledged);
        await alice.SendAsync(alice, "hello", _ct);
    }

    [Fact]
    public async Task ANameOrPasswordThatWouldArriveAsAnotherIsRefusedAtTheCall()
    {
        var registration = ClientServers.NewRegistration();
        await Assert.ThrowsAsync<ArgumentException>(
            () => servers.Library.Accounts.RegisterAsync(registration with { Password = "correct-horse\ud83d" }, _ct));
        await Assert.ThrowsAsync<ArgumentException>(() => servers.Library.Accounts.LoginAsync("alice\ude00", "correct-horse", _ct));
        var options = new ChatableClientOptions { Url = servers.A, Connection = { Device = "phone\ud83d" } };
        Assert.Throws<ArgumentException>(() => new ChatableClient(options));
    }

    [Fact]
    public async Task WhatAnEarlierProcessLeftAndCannotBeSentIsGivenUpEvenOffline()
    {
        var store = new InMemoryChatStore();
        await store.AddAsync(new OutgoingMessage("order 42", "bob", "hello"), _ct);
        await store.AddAsync(new OutgoingMessage("c1", "bob", "\u200b"), _ct);
        await store.AddAsync(new OutgoingMessage("c2", "bob", "hello"), _ct);
        var nobody = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        using var client = new ChatableClient(new ChatableClientOptions { Url = nobody });
        var (_, token) = await servers.RegisterAsync(_ct);
        await using var connection = client.CreateConnection(new ChatCredentials(token), store);
        var failures = new ConcurrentQueue<ChatSendException>();
        connection.SendFailed += failures.Enqueue;

        await connection.StartAsync(_ct);
        await Eventually.HoldsAsync(() => Task.FromResult(failures.Count == 2), "both failures are reported", _ct);

        Assert.Equal([("order 42", "invalid"), ("c1", "empty")], failures.Select(failure => (failure.ClientId, failure.Code)));
        Assert.Equal(1, connection.Unacknowledged);
        Assert.Equal("c2", Assert.Single((await store.LoadAsync(_ct)).Outbox).ClientId);
    }

    [Fact]
    public async Task AnotherMessageUnderANameThatWaitsIsRefusedAndTheFirstOneGoesOut()
    {
        var nobody = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        using var client = new ChatableClient(new ChatableClientOptions { Url = nobody });
        var (_, token) = await servers.RegisterAsync(_ct);
        await using var connection = client.CreateConnection(new ChatCredentials(token), new InMemoryChatStore());
        await connection.StartAsync(_ct);

        using var patience = new CancellationTokenSource();
        var first = connection.SendAsync("bob", "once", clientId: "mine", cancellationToken: patience.Token);
        var same = connection.SendAsync("BOB", "once", clientId: "mine", cancellationToken: patience.Token);
        var other = await Assert.ThrowsAsync<ChatSendException>(
            () => connection.SendAsync("bob", "twice", clientId: "mine", cancellationToken: _ct));

        Assert.Equal("idempotency_key_reused", other.Code);
        Assert.Equal(1, connection.Unacknowledged);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => same);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ANameThatTheServerKnowsForAnotherMessageIsGivenUpWhateverTheFrameSays(bool isRetryable)
    {
        var session = Online(out var now);
        session.Submit(new OutgoingMessage("mine", "bob", "twice"), now);
        var error = JsonSerializer.SerializeToUtf8Bytes(
            new { type = "error", client_id = "mine", code = "idempotency_key_reused", message = "", retryable = isRetryable });
        session.Received(ServerFrames.TryRead(error), now);

        var refused = Assert.Single(Effects(session).OfType<Refuse>());
        Assert.Equal(("mine", "idempotency_key_reused"), (refused.Why.ClientId, refused.Why.Code));
        Assert.Equal(0, session.Unacknowledged);
    }

    [Fact]
    public void AnotherDevicesMessageOfTheSameNameIsNoAcknowledgement()
    {
        var session = Online(out var now);
        session.Submit(new OutgoingMessage("mine", "bob", "twice"), now);
        session.Received(new MessageFrame(new ChatMessage
        {
            Seq = 1,
            MessageId = Guid.NewGuid(),
            Conversation = 1,
            ConversationSeq = 1,
            Author = "alice",
            Recipient = "bob",
            Text = "once",
            CreatedAt = DateTimeOffset.UnixEpoch,
            ClientId = "mine",
        }), now);

        Assert.Equal("once", Assert.Single(Effects(session).OfType<Surface>()).Message.Text);
        Assert.Equal(1, session.Unacknowledged);
    }

    [Fact]
    public void AFrameOfAKindThatIsNotKnownTakesItsPlaceInTheLog()
    {
        var session = Online(out var now);
        session.Received(ServerFrames.TryRead("""{"type":"reaction","seq":1,"emoji":"+1"}"""u8), now);
        session.Received(ServerFrames.TryRead("""{"type":"typing","conversation":7}"""u8), now);

        Assert.Equal(new Pass(1), Assert.Single(Effects(session)));
        Assert.Equal(1, session.Cursor?.Seq);
    }

    private static ClientSession Online(out TimeSpan now)
    {
        now = TimeSpan.FromSeconds(1);
        var session = new ClientSession(new SessionSettings(), new ChatStoreContent(null, [], new HashSet<long>()));
        session.Opened(now);
        session.Received(new WelcomeFrame(Guid.NewGuid(), 0, TimeSpan.FromSeconds(20), 16 * 1024, 32), now);
        Effects(session);
        return session;
    }

    private static List<SessionEffect> Effects(ClientSession session)
    {
        var effects = new List<SessionEffect>();
        while (session.TryTake(out var effect))
            effects.Add(effect);
        return effects;
    }
}
