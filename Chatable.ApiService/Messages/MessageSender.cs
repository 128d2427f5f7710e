using Chatable.ApiService.Auth;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Http;
using Chatable.ApiService.Sending;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Messaging.Wire.V2;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chatable.ApiService.Messages;

/// <summary>
/// Appends a request's message to the intake, like a socket's, and waits until it is stored. The worker usually confirms within
/// milliseconds. Confirmations can be lost, so PostgreSQL is checked too.
/// </summary>
internal sealed partial class MessageSender(
    IntakeWriter intakeWriter, SendWaiters waiters, SendBudgets budgets, WorkerWatch workers, MessageLookup stored,
    IOptions<MessagesOptions> options, MessageMetrics metrics, TimeProvider clock, ILogger<MessageSender> logger)
{
    // The least time for the last check, when the deadline has come.
    private static readonly TimeSpan s_leastLook = TimeSpan.FromSeconds(2);

    private int _waiting;

    /// <summary>Returns the stored message, or the problem. Both are null if the outcome is unknown.</summary>
    /// <exception cref="OperationCanceledException">The client has disconnected. The message may still be stored.</exception>
    public async Task<(SentMessage? Sent, Problem? Problem)> SendAsync(
        AuthenticatedUser author, ClientId key, V2PostedMessage message, CancellationToken cancellationToken)
    {
        switch (budgets.Enter(author.UserId))
        {
            case SendPermit.TooFast:
                return (null, Problem.RateLimited);
            case SendPermit.TooMany:
                return (null, Problem.Busy);
        }

        try
        {
            if (Interlocked.Increment(ref _waiting) > options.Value.MaxWaiting)
                return (null, Problem.Busy);

            using var waiter = waiters.Add();
            return await SendAsync(author, key, message, waiter, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            budgets.Leave(author.UserId);
        }
    }

    private async Task<(SentMessage?, Problem?)> SendAsync(
        AuthenticatedUser author, ClientId key, V2PostedMessage message, SendWaiter waiter, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var send = new PendingSend(key, message.Recipient, message.Message, began)
        {
            Type = message.Type,
            // Assigned in advance, to distinguish this message from one stored earlier under the same key.
            MessageId = Guid.CreateVersion7(clock.GetUtcNow()),
        };
        var outcomes = await intakeWriter.AcceptAsync(new Sender(author, waiter.ConnectionId), [send], cancellationToken);
        return outcomes[0] switch
        {
            AcceptOutcome.Accepted => await WaitAsync(author.UserId, send, waiter, began, cancellationToken),
            AcceptOutcome.UnknownRecipient => (null, Problem.UnknownRecipient),
            AcceptOutcome.Busy => (null, Problem.Busy),
            AcceptOutcome.Unavailable => (null, Problem.Unavailable),
            _ => (null, Problem.FateUnknown),
        };
    }

    private async Task<(SentMessage?, Problem?)> WaitAsync(
        long author, PendingSend send, SendWaiter waiter, long began, CancellationToken cancellationToken)
    {
        var wait = options.Value.FirstLook;
        while (true)
        {
            var left = options.Value.Deadline - clock.GetElapsedTime(began);
            if (await HearAsync(waiter, wait < left ? wait : left, cancellationToken) is { } word)
                return Interpret(word, send);
            if (await LookAsync(author, send, left, cancellationToken) is { } found)
                return Interpret(found, send);
            if (workers.AreMissing)
                return (null, Problem.NoWorker);
            if (wait >= left)
                return (null, Problem.FateUnknown);
            wait = options.Value.LookEvery;
        }
    }

    private async Task<IDispatch?> HearAsync(SendWaiter waiter, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await waiter.Word.WaitAsync(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static (SentMessage?, Problem?) Interpret(IDispatch word, PendingSend send) => word switch
    {
        EntryStored stored => (SentMessage.From(
            MessageEntry.PlaceOf(send.ClientId, stored.Entry.AckFields.Span, SeqOf(stored.Entry.ActorId, stored.Recipients)),
            isDuplicate: false), null),
        CommandRepeated repeated => (FromRepeat(MessageEntry.PlaceOf(send.ClientId, repeated.AckFields.Span, repeated.ActorSeq), send), null),
        CommandRefused { Code: RefusalCode.KeyReused } => (null, Problem.KeyReused),
        CommandRefused { Code: RefusalCode.Invalid } =>
            (null, Problem.Invalid(new Dictionary<string, string> { ["message"] = "cannot be stored" })),
        _ => (null, Problem.FateUnknown),
    };

    private static long SeqOf(long user, Recipients recipients) => recipients.First(recipient => recipient.UserId == user).Seq;

    // A repeat of this request's own message means that the worker read it twice. To the client it is new.
    private static SentMessage FromRepeat(StoredPlace place, PendingSend send) =>
        SentMessage.From(place, isDuplicate: place.MessageId != send.MessageId);

    private static (SentMessage?, Problem?) Interpret(FoundMessage found, PendingSend send)
    {
        var isOurs = found.Place.MessageId == send.MessageId;
        return isOurs || found.Is(send.Recipient, send.Type, send.Body.Span)
            ? (SentMessage.From(found.Place, isDuplicate: !isOurs), null)
            : (null, Problem.KeyReused);
    }

    // A stored message that could be lost with the primary does not count as stored: the lookup waits for the standby.
    private async Task<FoundMessage?> LookAsync(long author, PendingSend send, TimeSpan left, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(left > s_leastLook ? left : s_leastLook, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var found = await stored.FindAsync(author, send.ClientId, end.Token);
            if (found is not null)
                metrics.Found();
            return found;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException
            || exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogLookFailed(exception);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not look up whether a message is stored.")]
    private partial void LogLookFailed(Exception exception);
}
