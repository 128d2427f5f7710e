using System.Diagnostics;
using Chatable.ApiService.Auth;
using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Telemetry;
using Chatable.Messaging.Users;
using Chatable.Messaging.Wire;
using CommunityToolkit.HighPerformance.Buffers;

namespace Chatable.ApiService.Sending;

internal delegate ValueTask<UserRef?> FindUser(string username, CancellationToken cancellationToken);

internal delegate Task<AcceptOutcome> AppendEntries(
    int partition, IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken);

/// <summary>
/// Appends messages of one socket to the intake, in order. The author of a message is always the authenticated user, whatever the client
/// says. Failures are reported and never retried here, because later messages must not overtake the failed one.
/// </summary>
internal sealed partial class IntakeWriter(
    FindUser findUser, AppendEntries append, int partitions, ServerIdentity server, SendingMetrics metrics, TimeProvider clock,
    ILogger<IntakeWriter> logger)
{
    // Enough for most entries, so that the buffer rarely grows.
    private const int EntryBytes = 512;

    private static readonly TimeSpan s_betweenLines = TimeSpan.FromMinutes(1);

    private long _toldAt;
    private long _untold;

    /// <summary>
    /// Returns one outcome for each message, in order. After an <see cref="AcceptOutcome.Unknown"/> the rest is not tried, and is Unknown
    /// too.
    /// </summary>
    public async Task<AcceptOutcome[]> AcceptAsync(Sender sender, IReadOnlyList<PendingSend> sends, CancellationToken cancellationToken)
    {
        var recipients = new UserRef?[sends.Count];
        var outcomes = new AcceptOutcome[sends.Count];
        for (var i = 0; i < sends.Count; i++)
            (recipients[i], outcomes[i]) = await ResolveAsync(sends[i].Recipient, cancellationToken);

        int? PartitionAt(int i) =>
            i < sends.Count && recipients[i] is { } to ? Partitioning.PartitionOf(sender.User.UserId, to.Id, partitions) : null;

        for (var i = 0; i < sends.Count; i++)
        {
            if (PartitionAt(i) is not { } partition)
                continue;

            // Consecutive messages for the same partition are appended together.
            var end = i + 1;
            while (PartitionAt(end) == partition)
                end++;
            var outcome = await AppendAsync(sender, partition, sends, recipients, i, end, cancellationToken);
            Array.Fill(outcomes, outcome, i, end - i);
            if (outcome == AcceptOutcome.Unknown)
            {
                Array.Fill(outcomes, outcome, end, sends.Count - end);
                break;
            }

            i = end - 1;
        }

        return outcomes;
    }

    private async Task<AcceptOutcome> AppendAsync(
        Sender sender, int partition, IReadOnlyList<PendingSend> sends, UserRef?[] recipients, int start, int end,
        CancellationToken cancellationToken)
    {
        var encoded = new ArrayPoolBufferWriter<byte>(EntryBytes * (end - start));
        var ends = new int[end - start];
        var spans = new Activity?[end - start];
        for (var i = start; i < end; i++)
        {
            spans[i - start] = SendingMetrics.Source.StartActivity(TelemetryNames.AcceptSpan, ActivityKind.Producer);
            CreateEntry(sender, sends[i], recipients[i]!.Value).WriteTo(encoded);
            ends[i - start] = encoded.WrittenCount;

            // Each message is a trace of its own, not a child of the one before it.
            Activity.Current = null;
        }

        var outcome = await append(partition, Cut(encoded.WrittenMemory, ends), cancellationToken);
        for (var i = start; i < end; i++)
        {
            spans[i - start]?.SetTag("chatable.outcome", outcome.ToString()).Dispose();
            if (outcome == AcceptOutcome.Accepted)
                metrics.Accepted(clock.GetElapsedTime(sends[i].ReceivedAt));
        }

        // Redis has the entries, so nothing will send them again. In most other cases the client library may still send them.
        if (outcome == AcceptOutcome.Accepted)
            encoded.Dispose();
        else if (outcome == AcceptOutcome.Busy)
            TellOfFullIntake(ends.Length);
        return outcome;
    }

    // Logging each message would write as many lines as there are messages, and clients resend them.
    private void TellOfFullIntake(int messages)
    {
        Interlocked.Add(ref _untold, messages);
        var last = Volatile.Read(ref _toldAt);
        if ((last is 0 || clock.GetElapsedTime(last) >= s_betweenLines)
            && Interlocked.CompareExchange(ref _toldAt, Math.Max(1, clock.GetTimestamp()), last) == last)
        {
            LogFull(Interlocked.Exchange(ref _untold, 0));
        }
    }

    private static ReadOnlyMemory<byte>[] Cut(ReadOnlyMemory<byte> encoded, int[] ends)
    {
        var entries = new ReadOnlyMemory<byte>[ends.Length];
        for (var i = 0; i < ends.Length; i++)
            entries[i] = encoded[(i == 0 ? 0 : ends[i - 1])..ends[i]];
        return entries;
    }

    private IntakeEntry CreateEntry(Sender sender, PendingSend send, UserRef recipient) => new()
    {
        MessageId = send.MessageId ?? Guid.CreateVersion7(clock.GetUtcNow()),
        ClientId = send.ClientId,
        After = send.After,
        AuthorId = sender.User.UserId,
        Author = sender.User.Username,
        RecipientId = recipient.Id,
        Recipient = recipient.Username,
        Type = send.Type,
        Body = send.Body,
        Origin = new Origin(server.BootId, sender.ConnectionId),
        Trace = TraceParent.Current,
    };

    private async ValueTask<(UserRef? Recipient, AcceptOutcome Outcome)> ResolveAsync(string recipient, CancellationToken cancellationToken)
    {
        try
        {
            return (await findUser(recipient, cancellationToken), AcceptOutcome.UnknownRecipient);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // A failed lookup is the server's fault, whatever the cause. It must not be reported as an unknown recipient.
            LogLookupFailed(exception);
            return (null, AcceptOutcome.Unavailable);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The intake is full. {Count} messages were refused since the last such line.")]
    private partial void LogFull(long count);

    [LoggerMessage(LogLevel.Warning, "A recipient could not be looked up.")]
    private partial void LogLookupFailed(Exception exception);
}

/// <summary>A message to send, validated as far as possible without I/O. <paramref name="Body"/> is UTF-8.</summary>
internal sealed record PendingSend(ClientId ClientId, string Recipient, ReadOnlyMemory<byte> Body, long ReceivedAt)
{
    public MessageType Type { get; init; }

    /// <inheritdoc cref="IntakeEntry.After"/>
    public ClientId? After { get; init; }

    /// <summary>The message's id, if the sender must recognize it later. Null to generate one.</summary>
    public Guid? MessageId { get; init; }
}

/// <summary>The sending user and connection.</summary>
internal readonly record struct Sender(AuthenticatedUser User, long ConnectionId);
