using System.Collections.Concurrent;
using Chatable.Client;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>
/// A device on the client library, as an application would use it: it records what the library tells it, not what is on the wire. With a
/// file store it crashes now and then, and continues from the file's content.
/// </summary>
internal sealed partial class LibraryDevice : IDevice
{
    private readonly string _name;
    private readonly ChatableClient _client;
    private readonly ChatCredentials _credentials;
    private readonly LibraryNotes _notes;
    private readonly Crashes? _crashes;
    private readonly IChatStore _memory = new InMemoryChatStore();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    // Messages without an outcome, in the order of writing, and the calls of this life that will learn it.
    private readonly List<Draft> _drafts = [];
    private readonly Dictionary<string, Task> _calls = [];

    private Task _running = Task.CompletedTask;
    private CancellationTokenSource? _life;
    private ChatConnection? _connection;
    private LibraryStore? _store;
    private int _written;
    private int _resets;

    private LibraryDevice(
        string name, ChatUser user, ChatableClient client, ChatCredentials credentials, EventLog history, Crashes? crashes)
    {
        (_name, User, _client, _credentials, _crashes) = (name, user, client, credentials, crashes);
        Proc = $"{user.Username}/{name}";
        _notes = new LibraryNotes(history, Proc, user.Username);
    }

    /// <summary>Crashes of the device.</summary>
    /// <param name="Path">The file of its store.</param>
    /// <param name="Random">Chooses the times.</param>
    /// <param name="Quiet">When this is cancelled, it stops crashing.</param>
    public sealed record Crashes(string Path, Random Random, CancellationToken Quiet)
    {
        public TimeSpan Next() => TimeSpan.FromSeconds(1 + 4 * Random.NextDouble());
    }

    public string Proc { get; }

    public ChatUser User { get; }

    public long Cursor => _store?.Cursor ?? 0;

    public int Resets => Volatile.Read(ref _resets);

    /// <summary>Errors that the library must never make.</summary>
    public ConcurrentQueue<string> Surprises { get; } = [];

    public int Unacked
    {
        get
        {
            lock (_gate)
                return _drafts.Count;
        }
    }

    /// <summary>A device with its own token, and with a file store if <paramref name="crashes"/> is set.</summary>
    public static async Task<LibraryDevice> CreateAsync(
        string name, ChatUser user, ChatableClientOptions options, EventLog history, Crashes? crashes,
        CancellationToken cancellationToken)
    {
        var client = new ChatableClient(options);
        var token = await client.Accounts.LoginAsync(user.Username, user.Password, cancellationToken);
        return new LibraryDevice(name, user, client, new ChatCredentials(token), history, crashes);
    }

    public void Start() => _running = Task.Run(RunAsync);

    public void Write(string to, string body)
    {
        lock (_gate)
        {
            var draft = new Draft($"{_name}-{++_written}", to, body, BodyHash.Of(body));
            _drafts.Add(draft);
            if (_connection is { } connection)
                Submit(connection, draft);
        }
    }

    public void Drop()
    {
        lock (_gate)
            _life?.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
                await LiveAsync();
        }
        catch (Exception exception)
        {
            Surprises.Enqueue($"{Proc} was aborted: {exception}");
        }
    }

    private async Task LiveAsync()
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await using var store = _crashes is null
            ? new LibraryStore(_memory, _ => { })
            : new LibraryStore(new FileChatStore(_crashes.Path), _notes.AddTaken);
        await using var connection = _client.CreateConnection(_credentials, store, LoadAsync);
        connection.Sent += Settle;
        connection.StatusChanged += Look;
        var held = (await store.LoadAsync(_stop.Token)).Outbox.Select(message => message.ClientId).ToHashSet();
        await connection.StartAsync(_stop.Token);
        var receiving = ReceiveAsync(connection, life.Token);
        Begin(connection, store, life, held);

        if (await WaitForCrashAsync(life.Token))
            store.Die();
        Task[] calls = End();
        await connection.DisposeAsync();
        await life.CancelAsync();
        await receiving;
        await Task.WhenAll(calls);
    }

    /// <returns>Whether this life ends in a crash.</returns>
    private async Task<bool> WaitForCrashAsync(CancellationToken life)
    {
        if (_crashes is { } crashes)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(life, crashes.Quiet);
            await Task.Delay(crashes.Next(), either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!either.IsCancellationRequested)
                return true;
        }

        await Task.Delay(Timeout.Infinite, life).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return false;
    }

    // The library sends what the store holds; anything else is sent again under its client ID.
    private void Begin(ChatConnection connection, LibraryStore store, CancellationTokenSource life, HashSet<string> held)
    {
        lock (_gate)
        {
            (_connection, _store, _life) = (connection, store, life);
            foreach (var draft in _drafts.Where(draft => !held.Contains(draft.ClientId)))
                Submit(connection, draft);
        }
    }

    private Task[] End()
    {
        lock (_gate)
        {
            (_connection, _life) = (null, null);
            return [.. _calls.Values];
        }
    }
}
