using System.Runtime.CompilerServices;
using Chatable.Client.Connections;
using Chatable.Client.Wire;
using Microsoft.Extensions.Logging;

namespace Chatable.Client;

/// <summary>
/// A device's connection. It reconnects and resumes by itself; a message is sent until the server has it, and stored there once.
/// Take what comes with <see cref="ReceiveAsync"/> all the time, also where it does not interest you: once the inbox is full, no more is
/// taken from the server, but for answers to what is sent.
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

    /// <summary>What it does now.</summary>
    public ChatStatus Status { get; private set; } = new(ChatState.Idle);

    /// <summary>The cursor as far as messages were received, which the store's lags behind by what was not taken yet.</summary>
    public ChatCursor? Cursor => _parts?.Cursor;

    /// <summary>Messages without an acknowledgement.</summary>
    public int Unacknowledged => _parts?.Unacknowledged ?? 0;

    /// <summary>
    /// What it does has changed. Handlers must be quick, and must not wait for the connection, which waits for them; they may dispose it.
    /// What they throw is logged.
    /// </summary>
    public event Action<ChatStatus>? StatusChanged;

    /// <summary>A message of this device was committed, also one of an earlier process. As <see cref="StatusChanged"/>.</summary>
    public event Action<SentMessage>? Sent;

    /// <summary>
    /// A message of this device was refused for good, also one of an earlier process, and one that was refused at the call. As
    /// <see cref="StatusChanged"/>.
    /// </summary>
    public event Action<ChatSendException>? SendFailed;

    /// <summary>
    /// Loads what is not replayed, between the messages before and those after: what the server cannot replay, and a long log on a new
    /// device. Called from <see cref="ReceiveAsync"/>, and again after a crash or an exception. Without it a new device gets its whole log
    /// replayed, and what a server cannot replay is left out, which the log says.
    /// </summary>
    public Func<ChatReset, CancellationToken, ValueTask>? OnReset { get; init; }

    /// <summary>Reads the store and begins to connect; it does not wait until it is connected.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed, also while the store was read.</exception>
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
    /// Sends a message, also while there is no connection: it is stored first, then sent until the server answers. Ending the wait does
    /// not unsend it.
    /// </summary>
    /// <param name="recipient">The username of who it is for.</param>
    /// <param name="text">What to send; the server takes 8 KiB of UTF-8 by default.</param>
    /// <param name="type">What the text stands for.</param>
    /// <param name="clientId">A name of your own, 1–64 of <c>[A-Za-z0-9_-]</c>; the same one again with the same message stores and sends
    /// nothing new. Null makes one.</param>
    /// <param name="cancellationToken">Ends the wait; before the message is stored, it also ends the sending.</param>
    /// <returns>Where it stands, once it is committed.</returns>
    /// <exception cref="ChatSendException">It is refused for good: by the server, or at once where no server could accept it.</exception>
    /// <exception cref="ChatStoppedException">The connection is over; a message stored before that is sent by the next one.</exception>
    /// <exception cref="ChatOutboxFullException">Too many wait already; it is not stored.</exception>
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
    /// Says goodbye to the server and ends all waits. The store stays open; it is its owner's. Called from a handler of this connection, or
    /// from <see cref="ChatCredentials.Refreshed"/>, it does not wait for the end; the next call does.
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
            // A handler's fault must not end the connection.
            ConnectionLog.HandlerFailed(_logger, exception);
        }
    }
}
