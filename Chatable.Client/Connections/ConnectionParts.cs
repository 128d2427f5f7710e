using Chatable.Client.Session;
using Microsoft.Extensions.Logging;

namespace Chatable.Client.Connections;

/// <summary>The components of a started connection.</summary>
internal sealed class ConnectionParts
{
    private readonly ClientSession _session;

    public ConnectionParts(Seed seed, IChatStore store, ChatStoreContent content, bool canLoad, ILogger logger)
    {
        var options = seed.Options;
        _session = new ClientSession(SettingsOf(options, canLoad), content);
        Inbox = new Inbox(options.InboxCapacity);
        Mailbox = new Mailbox(store, Inbox, _session, options.OutboxCapacity, () => Runner!.Now);
        Runner = new SessionRunner(_session, Mailbox, Inbox, options, seed.Clock, logger);
        var dialer = new Dialer(seed.Servers, options, seed.ServerClock, seed.Clock);
        var tokens = new TokenRefresh(seed.Accounts, seed.Credentials, seed.ServerClock, seed.Clock);
        Loop = new ConnectionLoop(dialer, Runner, _session, seed.Credentials, tokens, options, seed.Clock, logger);
    }

    /// <summary>The components that exist before the store is read.</summary>
    public sealed record Seed(
        ServerAddresses Servers, ChatAccounts Accounts, ChatCredentials Credentials, ConnectionOptions Options, ServerClock ServerClock,
        TimeProvider Clock);

    public Inbox Inbox { get; }

    public Mailbox Mailbox { get; }

    public SessionRunner Runner { get; }

    public ConnectionLoop Loop { get; }

    public ChatCursor? Cursor
    {
        get
        {
            lock (_session)
                return _session.Cursor;
        }
    }

    public int Unacknowledged
    {
        get
        {
            lock (_session)
                return _session.Unacknowledged;
        }
    }

    private static SessionSettings SettingsOf(ConnectionOptions options, bool canLoad) => new()
    {
        Device = options.Device,
        Start = options.Start,
        MaxReplay = canLoad ? options.MaxReplay : null,
        AckTimeout = options.AckTimeout,
        SendsPerSecond = options.SendsPerSecond,
        SendBurst = options.SendBurst,
    };
}
