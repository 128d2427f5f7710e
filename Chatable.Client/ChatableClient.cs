using Chatable.Client.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chatable.Client;

/// <summary>A Chatable backend, seen from a client: accounts, connections, history. One is enough for a process.</summary>
public sealed class ChatableClient : IDisposable
{
    private readonly ServerAddresses _servers;
    private readonly ServerCalls _calls;
    private readonly ServerClock _serverClock;
    private readonly ConnectionOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly HttpClient? _ownHttp;

    /// <summary>A client of the servers at the addresses that the options name.</summary>
    /// <exception cref="ArgumentException">The options name no server, or have other faults.</exception>
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

    /// <summary>Users and their tokens.</summary>
    public ChatAccounts Accounts { get; }

    /// <summary>A connection of a device, to be started.</summary>
    /// <param name="credentials">Who it is.</param>
    /// <param name="store">What it must not forget; a store serves one connection at a time.</param>
    /// <param name="onReset">See <see cref="ChatConnection.OnReset"/>.</param>
    public ChatConnection CreateConnection(
        ChatCredentials credentials, IChatStore store, Func<ChatReset, CancellationToken, ValueTask>? onReset = null)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(store);
        var seed = new ConnectionParts.Seed(_servers, Accounts, credentials, _options, _serverClock, _clock);
        return new ChatConnection(seed, store, _logger) { OnReset = onReset };
    }

    /// <summary>What was said before, as this user sees it.</summary>
    public ChatHistory History(ChatCredentials credentials) => new(_calls, credentials);

    /// <summary>Lets go of what it made for itself; connections are their owners'.</summary>
    public void Dispose() => _ownHttp?.Dispose();

    private static ChatableClientOptions Checked(ChatableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults("Chat").ToArray() is { Length: > 0 } faults)
            throw new ArgumentException(string.Join(" ", faults), nameof(options));
        return options.Servers.Count > 0 ? options : throw new ArgumentException("An address of a server is needed.", nameof(options));
    }
}
