using System.Runtime.CompilerServices;
using Chatable.Client.Connections;
using Microsoft.Extensions.Logging;

namespace Chatable.Client;

/// <summary>
/// A device's connection. It reconnects and resumes by itself; a message is sent until the server has it, and stored there once.
/// Take what comes with <see cref="ReceiveAsync"/> all the time, also where it does not interest you: once the inbox is full, nothing
/// more is read, acknowledgements neither.
/// </summary>
public sealed class ChatConnection : IAsyncDisposable
{
    private readonly ConnectionParts.Seed _seed;
    private readonly IChatStore _store;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();

    private ConnectionParts? _parts;
    private Task _running = Task.CompletedTask;
    private ChatStoppedException? _stopped;
    private int _isReceiving;
    private bool _isDisposed;

    internal ChatConnection(ConnectionParts.Seed seed, IChatStore store, ILogger logger)
    {
        _seed = seed;
        _store = store;
        _logger = logger;
    }

    /// <summary>What it does now.</summary>
    public ChatStatus Status { get; private set; } = new(ChatState.Idle);

    /// <summary>The cursor as far as messages were received, which the store's lags behind by what was not taken yet.</summary>
    public ChatCursor? Cursor => _parts?.Cursor;

    /// <summary>Messages without an acknowledgement.</summary>
    public int Unacknowledged => _parts?.Unacknowledged ?? 0;

    /// <summary>What it does has changed. Handlers must be quick; what they throw is logged.</summary>
    public event Action<ChatStatus>? StatusChanged;

    /// <summary>A message of this device was committed, also one of an earlier process. As <see cref="StatusChanged"/>.</summary>
    public event Action<SentMessage>? Sent;

    /// <summary>A message of this device was refused for good, also one of an earlier process. As <see cref="StatusChanged"/>.</summary>
    public event Action<ChatSendException>? SendFailed;

    /// <summary>
    /// Loads what the server cannot replay, between the messages before and those after; called from <see cref="ReceiveAsync"/>, and
    /// again after a crash or an exception.
    /// </summary>
    public Func<ChatReset, CancellationToken, ValueTask>? OnReset { get; init; }

    /// <summary>Reads the store and begins to connect; it does not wait until it is connected.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var content = await _store.LoadAsync(cancellationToken);
        lock (_lock)
        {
            if (_parts is not null)
                throw new InvalidOperationException("The connection was started before.");
            _parts = new ConnectionParts(_seed, _store, content, _logger);
        }

        _parts.Mailbox.Sent += sent => Raise(Sent, sent);
        _parts.Mailbox.SendFailed += failure => Raise(SendFailed, failure);
        _running = Task.Run(() => RunAsync(_parts), CancellationToken.None);
    }

    /// <summary>
    /// Sends a message, also while there is no connection: it is stored first, then sent until the server answers. Ending the wait does
    /// not unsend it.
    /// </summary>
    /// <param name="recipient">The username of who it is for.</param>
    /// <param name="text">What to send; the server takes 8 KiB of UTF-8 by default.</param>
    /// <param name="type">What the text stands for.</param>
    /// <param name="clientId">A name of your own; the same one again stores and sends nothing new. Null makes one.</param>
    /// <param name="cancellationToken">Ends the wait; before the message is stored, it also ends the sending.</param>
    /// <returns>Where it stands, once it is committed.</returns>
    /// <exception cref="ChatSendException">The server refused it for good.</exception>
    /// <exception cref="ChatStoppedException">The connection is over; a message stored before that is sent by the next one.</exception>
    /// <exception cref="ChatOutboxFullException">Too many wait already; it is not stored.</exception>
    public async Task<SentMessage> SendAsync(
        string recipient, string text, ChatMessageType type = ChatMessageType.Text, string? clientId = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(recipient);
        ArgumentException.ThrowIfNullOrEmpty(text);
        var parts = _parts ?? throw new InvalidOperationException("The connection is not started.");
        var message = new OutgoingMessage(clientId ?? Guid.CreateVersion7().ToString("N"), recipient, text, type);
        var answer = await parts.Mailbox.SubmitAsync(message, cancellationToken);
        parts.Runner.Wake();
        return await answer.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// What comes, in the order of the log, each once: messages to this user, and those that its other devices sent. One is taken, and
    /// the stored cursor moves past it, when the next is asked for or the loop is left. After a crash in between it comes again.
    /// </summary>
    /// <exception cref="ChatStoppedException">The connection is over, and not because it was disposed.</exception>
    /// <exception cref="InvalidOperationException">Somebody else is receiving.</exception>
    public async IAsyncEnumerable<ChatMessage> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var parts = _parts ?? throw new InvalidOperationException("The connection is not started.");
        if (Interlocked.Exchange(ref _isReceiving, 1) == 1)
            throw new InvalidOperationException("Somebody else is receiving already.");
        try
        {
            while (await parts.Inbox.PeekAsync(cancellationToken) is { } item)
            {
                if (item.Reset is { } reset)
                    await HandleAsync(reset, cancellationToken);
                try
                {
                    if (item.Message is { } message)
                        yield return message;
                }
                finally
                {
                    await parts.Mailbox.FinishAsync(item);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _isReceiving, 0);
        }

        if (_stopped is { Status.Reason: not ChatStopReason.Disposed })
            throw _stopped;
    }

    /// <summary>Says goodbye to the server and ends all waits. The store stays open; it is its owner's.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(ConnectionParts parts)
    {
        ChatStatus status;
        Exception? cause = null;
        try
        {
            status = await parts.Loop.RunAsync(Change, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            status = new ChatStatus(ChatState.Stopped, ChatStopReason.Disposed);
        }
        catch (RefreshCallbackException exception)
        {
            (status, cause) = (new ChatStatus(ChatState.Stopped, ChatStopReason.CallbackFailed), exception.InnerException);
        }
        catch (Exception exception)
        {
            // Everything else that can fail here is the store.
            (status, cause) = (new ChatStatus(ChatState.Stopped, ChatStopReason.StoreFailed), exception);
        }

        _stopped = new ChatStoppedException(status, cause);
        await parts.Mailbox.StopAsync(_stopped);
        parts.Inbox.Complete();
        Change(status);
    }

    private ValueTask HandleAsync(ChatReset reset, CancellationToken cancellationToken) =>
        OnReset is { } load ? load(reset, cancellationToken) : ValueTask.CompletedTask;

    private void Change(ChatStatus status)
    {
        Status = status;
        ConnectionLog.Changed(_logger, status.State, status.Reason);
        Raise(StatusChanged, status);
    }

    private void Raise<T>(Action<T>? handlers, T argument)
    {
        try
        {
            handlers?.Invoke(argument);
        }
        catch (Exception exception)
        {
            // A handler's fault must not end the connection.
            ConnectionLog.HandlerFailed(_logger, exception);
        }
    }
}
