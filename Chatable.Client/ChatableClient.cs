using Chatable.Client.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chatable.Client;

/// <summary>A client of a Chatable backend: accounts, connections, history. One instance per process is enough.</summary>
public sealed class ChatableClient : IDisposable
{
    private readonly ServerAddresses _servers;
    private readonly ServerCalls _calls;
    private readonly ServerClock _serverClock;
    private readonly ConnectionOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly HttpClient? _ownHttp;

    /// <summary>Creates a client for the server addresses in the options.</summary>
    /// <exception cref="ArgumentException">The options contain no server, or are invalid.</exception>
    public ChatableClient(ChatableClientOptions options, ILoggerFactory? loggers = null, TimeProvider? clock = null)
        : this(ServerAddresses.Of(Checked(options).Servers), options.Connection, http: null, loggers, clock)
    {
    }

    internal ChatableClient(
        ServerAddresses servers, ConnectionOptions options, HttpClient? http, ILoggerFactory? loggers, TimeProvider? clock)
    {
        _servers = servers;
        _options = options;
        http ??= _ownHttp = new HttpClient();
        _clock = clock ?? TimeProvider.System;
        _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Chatable.Client");
        _serverClock = new ServerClock(_clock);
        _calls = new ServerCalls(http, servers, _serverClock);
        Accounts = new ChatAccounts(_calls);
    }

    /// <summary>Manages users and their tokens.</summary>
    public ChatAccounts Accounts { get; }

    /// <summary>Creates a connection for a device. The caller must start it.</summary>
    /// <param name="credentials">The credentials of the device.</param>
    /// <param name="store">Holds the device's outbox and cursor. A store serves one connection at a time.</param>
    /// <param name="onReset">See <see cref="ChatConnection.OnReset"/>.</param>
    public ChatConnection CreateConnection(
        ChatCredentials credentials, IChatStore store, Func<ChatReset, CancellationToken, ValueTask>? onReset = null)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(store);
        var seed = new ConnectionParts.Seed(_servers, Accounts, credentials, _options, _serverClock, _clock);
        return new ChatConnection(seed, store, _logger) { OnReset = onReset };
    }

    /// <summary>Returns the stored conversations and messages of the user.</summary>
    public ChatHistory History(ChatCredentials credentials) => new(_calls, credentials);

    /// <summary>Releases the client's own resources. Connections are disposed by their owners.</summary>
    public void Dispose() => _ownHttp?.Dispose();

    private static ChatableClientOptions Checked(ChatableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults("Chat").ToArray() is { Length: > 0 } faults)
            throw new ArgumentException(string.Join(" ", faults), nameof(options));
        return options.Servers.Count > 0 ? options : throw new ArgumentException("An address of a server is needed.", nameof(options));
    }
}
