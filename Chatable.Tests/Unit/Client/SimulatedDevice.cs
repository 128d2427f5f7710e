using Chatable.Client;
using Chatable.Client.Session;

namespace Chatable.Tests.Unit.Client;

/// <summary>A device whose process may die between any two effects. Its store and its application's messages survive.</summary>
internal sealed class SimulatedDevice(SimulatedServer server, Random random)
{
    private readonly InMemoryChatStore _store = new();
    private readonly List<ChatMessage> _inbox = [];
    private ClientSession _session = null!;
    private SimulatedLink? _link;
    private int _names;

    public List<ChatMessage> Taken { get; } = [];

    public List<SentMessage> Sent { get; } = [];

    public List<string> Submitted { get; } = [];

    public TimeSpan Now { get; private set; }

    public int Unacknowledged => _session.Unacknowledged;

    public int Resumes { get; private set; }

    private Room Room => _inbox.Count switch { 0 => Room.Plenty, < 3 => Room.Little, _ => Room.None };

    public async Task StartAsync()
    {
        var content = await _store.LoadAsync(CancellationToken.None);
        _inbox.Clear();
        _link = null;
        var settings = new SessionSettings { SendsPerSecond = 1000, Random = random.NextDouble };
        _session = new ClientSession(settings, content);
    }

    public async Task SendAsync(string recipient)
    {
        var message = new OutgoingMessage($"c{_names++}", recipient, "text");
        await _store.AddAsync(message, CancellationToken.None);
        Submitted.Add(message.ClientId);
        _session.Submit(message, Now);
    }

    /// <summary>Does one random thing.</summary>
    public async Task StepAsync(bool faults)
    {
        Now += TimeSpan.FromMilliseconds(random.Next(100));
        if (_link is null)
        {
            Connect();
            return;
        }

        switch (random.Next(faults ? 12 : 8))
        {
            case 0 or 1:
                _link.ReadOne(refuse: faults && random.Next(5) == 0);
                break;
            case 2:
                _link.WorkOne(lose: faults && random.Next(6) == 0);
                break;
            case 3 or 4:
                _link.WriteOne();
                break;
            case 5 or 6:
                if (_link.TryDown(out var frame))
                    _session.Received(frame, Now, Room);
                break;
            case 7:
                _session.Tick(Now, Room);
                break;
            case 8 when random.Next(6) == 0:
                Disconnect();
                break;
            case 9 when random.Next(10) == 0:
                await StartAsync();
                return;
            case 10:
                Now += TimeSpan.FromSeconds(random.Next(8));
                break;
        }

        await CarryOutAsync(faults);
        await TakeSomeAsync();
    }

    private void Connect()
    {
        _link = new SimulatedLink(server);
        Resumes++;
        _session.Opened(Now);
    }

    private void Disconnect()
    {
        _link = null;
        _session.Ended();
    }

    private async Task CarryOutAsync(bool faults)
    {
        while (_session.TryTake(out var effect))
        {
            if (faults && random.Next(400) == 0)
            {
                // The process dies before all effects are carried out.
                await StartAsync();
                return;
            }

            await CarryOutAsync(effect);
        }
    }

    private async Task CarryOutAsync(SessionEffect effect)
    {
        switch (effect)
        {
            case Transmit transmit:
                _link?.Up(transmit.Frame);
                break;
            case BeginAt begin:
                await _store.ResetAsync(begin.Cursor, CancellationToken.None);
                break;
            case GoOn on:
                await _store.GoOnAsync(on.Shared, CancellationToken.None);
                break;
            case Surface surface:
                _inbox.Add(surface.Message);
                break;
            case Pass pass when _inbox.Count == 0:
                await _store.AdvanceAsync(pass.Seq, null, CancellationToken.None);
                break;
            case Settle settle:
                await _store.SettleAsync(settle.Sent.ClientId, settle.Sent.Seq, CancellationToken.None);
                Sent.Add(settle.Sent);
                break;
            case Leave:
                Disconnect();
                break;
        }
    }

    // The application's own store saves the message together with the cursor.
    private async Task TakeSomeAsync()
    {
        while (_inbox.Count > 0 && random.Next(3) > 0)
        {
            var message = _inbox[0];
            _inbox.RemoveAt(0);
            await _store.AdvanceAsync(message.Seq, message, CancellationToken.None);
            Taken.Add(message);
        }
    }
}
