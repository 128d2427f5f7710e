using Chatable.Client;
using Chatable.Client.Session;
using Chatable.Client.Wire;

namespace Chatable.Tests.Unit.Client;

public sealed class HeartbeatTests
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(20);

    private readonly ClientSession _session = new(new SessionSettings(), new ChatStoreContent(null, [], new HashSet<long>()));

    [Fact]
    public void APingOfTheServersIsAnsweredAndCountsAsAWord()
    {
        Begin();

        _session.Received(ServerFrames.TryRead("""{"type":"ping"}"""u8), s_heartbeat - TimeSpan.FromSeconds(1));
        Assert.Equal(["""{"type":"pong"}"""], Sent());

        _session.Tick(s_heartbeat);
        Assert.Empty(Sent());
    }

    [Fact]
    public void AServerThatIsSilentIsAskedAndThenGivenUp()
    {
        Begin();

        _session.Tick(s_heartbeat);
        Assert.Equal(["""{"type":"ping"}"""], Sent());
        _session.Tick(2 * s_heartbeat);

        Assert.True(_session.TryTake(out var effect));
        Assert.Equal(new Leave(LeaveReason.Silence), effect);
    }

    private void Begin()
    {
        _session.Opened(TimeSpan.Zero);
        _session.Received(new WelcomeFrame(Guid.NewGuid(), 0, s_heartbeat, 16 * 1024, 32), TimeSpan.Zero);
        Sent();
    }

    private List<string> Sent()
    {
        var frames = new List<string>();
        while (_session.TryTake(out var effect))
        {
            if (effect is Transmit transmit)
                frames.Add(System.Text.Encoding.UTF8.GetString(transmit.Frame.Span));
        }

        return frames;
    }
}
