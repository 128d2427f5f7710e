using Chatable.ApiService.Delivery;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Messaging;
using Chatable.Messaging.Registry;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;
using Chatable.Tests.Unit.Contracts;

namespace Chatable.Tests.Unit.Realtime;

public class OptionsTests
{
    [Fact]
    public void TheDefaultsAreValid()
    {
        Assert.Empty(FaultsOf(new RealtimeOptions()));
        Assert.Empty(FaultsOf(new DeliveryOptions()));
    }

    /// <summary>Each of them is within its own range, and contradicts another.</summary>
    [Fact]
    public void OptionsThatContradictEachOtherAreFaults()
    {
        RealtimeOptions[] contradictions =
        [
            // More than the database takes, or a request.
            new() { MaxFrameBytes = 1024 * 1024, OutboundBytes = 16 * 1024 * 1024, MaxMessageBytes = 64 * 1024 + 1 },
            new() { MaxFrameBytes = 1024 * 1024, OutboundBytes = 16 * 1024 * 1024, MaxMessageBytes = RequestBody.MaxBytes },
            // A text that fits, but not with the names beside it.
            new() { MaxMessageBytes = 16 * 1024 },
            // A largest message that does not fit beside others once its text is escaped.
            new() { MaxFrameBytes = 64 * 1024, MaxMessageBytes = 32 * 1024, OutboundBytes = 256 * 1024 },
            // No room for the answers to a window.
            new() { Window = 200 },
            new() { Window = 1000, OutboundFrames = 2000, OutboundBytes = 512 * 1024 },
            // Whoever is put off so long counts as gone.
            new() { MaxThrottle = TimeSpan.FromSeconds(36) },
            // The process is killed before all have been let go.
            new() { Drain = new DrainOptions { Spread = TimeSpan.FromSeconds(21) } },
        ];

        Assert.All(contradictions, options => Assert.Single(FaultsOf(options)));
        Assert.Single(new DeliveryOptions().Contradictions(new RegistryOptions { UserLifetime = TimeSpan.FromMinutes(90) }));
        Assert.Empty(new DeliveryOptions().Contradictions(new RegistryOptions()));
    }

    [Fact]
    public void AFrameOfTheLargestMessageFitsWithEveryByteEscaped()
    {
        var name = new string('n', 64);
        var message = Samples.Message with
        {
            Author = name,
            Recipient = name,
            ClientId = Parse(new string('c', ClientId.MaxLength)),
            ConversationId = long.MaxValue,
            ConversationSeq = long.MaxValue,
            Body = Enumerable.Repeat((byte)1, MessageRecord.MaxBodyBytes).ToArray(),
        };

        var frame = V2Frames.Entry(MessageEntry.Of(message), long.MaxValue, forActor: true);

        Assert.InRange(frame.Length, 6 * MessageRecord.MaxBodyBytes, V2Frames.MaxBytes(MessageRecord.MaxBodyBytes));
        // What the client library takes.
        Assert.True(V2Frames.MaxBytes(MessageRecord.MaxBodyBytes) < 1024 * 1024);
    }

    private static ClientId Parse(string text) => ClientId.TryParse(text, out var id) ? id : throw new FormatException(text);

    [Fact]
    public void AllFaultsAreToldAtOnce()
    {
        var options = new RealtimeOptions
        {
            SocketsPerUser = 0,
            AllowedOrigins = ["https://chat.example", "https://chat.example:8443", "https://chat.example/", "chat.example", "*"],
            Times = new SocketTimes { Close = TimeSpan.Zero },
        };

        Assert.Contains("Realtime:Times:Close must be between 00:00:00.1000000 and 1.00:00:00.", FaultsOf(options));
        Assert.Equal(5, FaultsOf(options).Count());
        Assert.Equal(2, FaultsOf(new DeliveryOptions { HoldLimit = 0, Poll = TimeSpan.FromDays(30) }).Count());
    }

    private static IEnumerable<string> FaultsOf(RealtimeOptions options) =>
        ValidatedOptions.Failures(RealtimeOptions.Section, new RealtimeOptionsValidator(), options).Concat(options.Contradictions());

    private static IEnumerable<string> FaultsOf(DeliveryOptions options) =>
        ValidatedOptions.Failures(DeliveryOptions.Section, new DeliveryOptionsValidator(), options);

    [Fact]
    public void TheCatalogueOfCloseCodesIsComplete()
    {
        var declared = typeof(CloseCode).GetProperties().Where(property => property.PropertyType == typeof(CloseCode));

        Assert.Equal(declared.Select(property => (CloseCode)property.GetValue(null)!), CloseCode.All);
        Assert.All(CloseCode.All, code => Assert.True(code.Number is >= 1000 and <= 1013 or >= 4000 and <= 4999));
        Assert.All(CloseCode.All, code => Assert.InRange(code.Reason.Length, 1, 123));
    }
}
