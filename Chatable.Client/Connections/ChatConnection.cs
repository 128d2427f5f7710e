using System.Runtime.CompilerServices;
using Chatable.Client.Connections;
using Chatable.Client.Wire;
using Microsoft.Extensions.Logging;

namespace Chatable.Client;

/// <summary>
/// A device's connection. It reconnects and resumes automatically. Each message is sent until the server confirms it, and is stored there
/// once. Read <see cref="ReceiveAsync"/> continuously, even if the messages are not needed: once the inbox is full, the connection reads
/// nothing more from the server except answers to sent messages.
/// </summary>
public sealed class ChatConnection : IAsyncDisposable
{
    private readonly ConnectionParts.Seed _seed;
    private readonly IChatStore _store;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly CallbackScope _handlers = new();
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

    /// <summary>The current status.</summary>
    public ChatStatus Status { get; private set; } = new(ChatState.Idle);

    /// <summary>
    /// The cursor of received messages. The store's cursor is behind it by the messages that the application has not yet taken.
    /// </summary>
    public ChatCursor? Cursor => _parts?.Cursor;

    /// <summary>The number of messages without an acknowledgement.</summary>
    public int Unacknowledged => _parts?.Unacknowledged ?? 0;

    /// <summary>
    /// Raised when the status changes. Handlers must return quickly and must not wait for the connection, because it waits for them. They
    /// may dispose it. Their exceptions are logged.
    /// </summary>
    public event Action<ChatStatus>? StatusChanged;

    /// <summary>
    /// Raised when a message of this device is committed, including one of an earlier process. See <see cref="StatusChanged"/> for
    /// handlers.
    /// </summary>
    public event Action<SentMessage>? Sent;

    /// <summary>
    /// Raised when a message of this device is refused permanently, including one of an earlier process, and one refused by
    /// <see cref="SendAsync"/>. See <see cref="StatusChanged"/> for handlers.
    /// </summary>
    public event Action<ChatSendException>? SendFailed;

    /// <summary>
    /// Loads messages that are not replayed: those that the server cannot replay, and a long log on a new device.
    /// <see cref="ReceiveAsync"/> calls it between the messages before and after the gap, and again after a crash or an exception. Without
    /// this callback, a new device gets its whole log replayed. Messages that the server cannot replay are then skipped, which is logged.
    /// </summary>
    public Func<ChatReset, CancellationToken, ValueTask>? OnReset { get; init; }

    /// <summary>Reads the store and begins to connect. Does not wait for the connection.</summary>
    /// <exception cref="ObjectDisposedException">The connection was disposed, possibly while the store was read.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var content = await _store.LoadAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_parts is not null)
                throw new InvalidOperationException("The connection was started before.");
            var parts = new ConnectionParts(_seed, _store, content, OnReset is not null, _logger);
            parts.Mailbox.Sent += sent => Raise(Sent, sent);
            parts.Mailbox.SendFailed += failure => Raise(SendFailed, failure);
            _parts = parts;
            _running = Task.Run(() => RunAsync(parts), CancellationToken.None);
        }
    }

    /// <summary>
    /// Sends a message, even while disconnected: the message is stored first, then sent until the server answers. Cancelling the wait does
    /// not cancel a stored message.
    /// </summary>
    /// <param name="recipient">The recipient's username.</param>
    /// <param name="text">The text. By default the server accepts 8 KiB of UTF-8.</param>
    /// <param name="type">The kind of content in the text.</param>
    /// <param name="clientId">Your own id for the message, 1–64 of <c>[A-Za-z0-9_-]</c>. Sending the same message again with the same id
    /// stores and sends nothing new. Null generates an id.</param>
    /// <param name="cancellationToken">Cancels the wait. Before the message is stored, it also cancels sending.</param>
    /// <returns>The place of the message, once it is committed.</returns>
    /// <exception cref="ChatSendException">The message is refused permanently: by the server, or locally if no server could accept
    /// it.</exception>
    /// <exception cref="ChatStoppedException">The connection has stopped. The next connection sends messages that were stored
    /// before.</exception>
    /// <exception cref="ChatOutboxFullException">Too many messages are waiting. This one is not stored.</exception>
    public async Task<SentMessage> SendAsync(
        string recipient, string text, ChatMessageType type = ChatMessageType.Text, string? clientId = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        ArgumentNullException.ThrowIfNull(text);
        var parts = _parts ?? throw new InvalidOperationException("The connection is not started.");
        var message = new OutgoingMessage(clientId ?? Guid.CreateVersion7().ToString("N"), recipient, text, type);
        var answer = await SubmitAsync(parts.Mailbox, message, cancellationToken).ConfigureAwait(false);
        parts.Runner.Wake();
        return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Receives messages in the order of the log, each once: messages to this user, and those that the user's other devices sent. A message
    /// counts as taken when the next one is requested or the loop ends; the stored cursor then moves past it. After a crash before that,
    /// the message comes again.
    /// </summary>
    /// <exception cref="ChatStoppedException">The connection has stopped for a reason other than disposal.</exception>
    /// <exception cref="InvalidOperationException">Another caller is already receiving.</exception>
    public async IAsyncEnumerable<ChatMessage> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var parts = _parts ?? throw new InvalidOperationException("The connection is not started.");
        if (Interlocked.Exchange(ref _isReceiving, 1) == 1)
            throw new InvalidOperationException("Somebody else is receiving already.");
        try
        {
            while (await parts.Inbox.PeekAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                if (item.Reset is { } reset)
                    await HandleAsync(reset, cancellationToken).ConfigureAwait(false);
                try
                {
                    if (item.Message is { } message)
                        yield return message;
                }
                finally
                {
                    await parts.Mailbox.FinishAsync(item).ConfigureAwait(false);
                    parts.Runner.Wake();
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

    /// <summary>
    /// Closes the connection and ends all waits. The store stays open, because its owner disposes it. A call from a handler of this
    /// connection, or from <see cref="ChatCredentials.Refreshed"/>, does not wait for the end; the next call does.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_isDisposed;
            _isDisposed = true;
        }

        if (isFirst)
            await _stop.CancelAsync().ConfigureAwait(false);
        if (_handlers.IsInside || _seed.Credentials.Callback.IsInside)
            return;

        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task<Task<SentMessage>> SubmitAsync(Mailbox mailbox, OutgoingMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return SendRules.FaultOf(message) is { } fault
                ? throw fault
                : await mailbox.SubmitAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatSendException refusal)
        {
            Raise(SendFailed, refusal);
            throw;
        }
    }

    private async Task RunAsync(ConnectionParts parts)
    {
        ChatStatus status;
        Exception? cause = null;
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, parts.Mailbox.StoreFailed);
            status = await parts.Loop.RunAsync(Change, end.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            (status, cause) = EndBy(exception, parts.Mailbox);
        }

        _stopped = new ChatStoppedException(status, cause);
        await parts.Mailbox.StopAsync(_stopped).ConfigureAwait(false);
        parts.Inbox.Complete();
        Change(status);
    }

    private (ChatStatus Status, Exception? Cause) EndBy(Exception exception, Mailbox mailbox)
    {
        if (mailbox.StoreFailure is { } failure)
            return (new ChatStatus(ChatState.Stopped, ChatStopReason.StoreFailed), failure);
        if (exception is RefreshCallbackException { InnerException: { } cause })
            return (new ChatStatus(ChatState.Stopped, ChatStopReason.CallbackFailed), cause);
        if (exception is OperationCanceledException && _stop.IsCancellationRequested)
            return (new ChatStatus(ChatState.Stopped, ChatStopReason.Disposed), null);

        ConnectionLog.Fault(_logger, exception);
        return (new ChatStatus(ChatState.Stopped, ChatStopReason.InternalFault), exception);
    }

    private ValueTask HandleAsync(ChatReset reset, CancellationToken cancellationToken)
    {
        if (OnReset is { } load)
            return load(reset, cancellationToken);

        ConnectionLog.LeftOut(_logger);
        return ValueTask.CompletedTask;
    }

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
            using (_handlers.Enter())
                handlers?.Invoke(argument);
        }
        catch (Exception exception)
        {
            // An exception in a handler must not end the connection.
            ConnectionLog.HandlerFailed(_logger, exception);
        }
    }
}
