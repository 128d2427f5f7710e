using System.Runtime.CompilerServices;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime.Push;
using Chatable.ApiService.Realtime.Sessions.V2;
using Chatable.ApiService.Sending;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Users;
using Chatable.Messaging.Wire;

namespace Chatable.Tests.Faults.Seeding;

/// <summary>An API server's bugs, and the steps at which it can die.</summary>
internal static class ApiServerDetours
{
    private static readonly TimeSpan s_tooLate = TimeSpan.FromSeconds(5);

    [InPlaceOf(typeof(V2Session), nameof(V2Session.Receive))]
    public static void Receive(V2Session session, ReadOnlySpan<byte> utf8)
    {
        CrashPoint.Reach("after_read");
        ReceiveShipped(session, utf8);
    }

    [InPlaceOf(typeof(IntakeWriter), "CreateEntry")]
    public static IntakeEntry CreateEntry(IntakeWriter intakeWriter, Sender sender, PendingSend send, UserRef recipient)
    {
        var entry = CreateEntryShipped(intakeWriter, sender, send, recipient);
        return SeededBug.Is("author_from_payload")
            ? entry with { AuthorId = entry.RecipientId, Author = entry.Recipient }
            : entry;
    }

    [InPlaceOf(typeof(IntakeWriter), "AppendAsync")]
    public static async Task<AcceptOutcome> AppendAsync(
        IntakeWriter intakeWriter, Sender sender, int partition, IReadOnlyList<PendingSend> sends, UserRef?[] recipients, int start, int end,
        CancellationToken cancellationToken)
    {
        var outcome = await AppendAsyncShipped(intakeWriter, sender, partition, sends, recipients, start, end, cancellationToken);
        CrashPoint.Reach("after_xadd");
        return outcome;
    }

    [InPlaceOf(typeof(UserRegistrations), nameof(UserRegistrations.AcquireAsync))]
    public static Task AcquireAsync(UserRegistrations registrations, long user, CancellationToken cancellationToken)
    {
        if (!SeededBug.Is("register_after_backlog"))
            return AcquireAsyncShipped(registrations, user, cancellationToken);
        _ = Task.Delay(s_tooLate, CancellationToken.None).ContinueWith(
            _ => AcquireAsyncShipped(registrations, user, CancellationToken.None), TaskScheduler.Default);
        return Task.CompletedTask;
    }

    [InPlaceOf(typeof(Dispatcher), nameof(Dispatcher.Handle))]
    public static void Handle(Dispatcher dispatcher, in EntryStored stored)
    {
        if (SeededBug.Strikes("drop_push"))
            return;
        HandleShipped(dispatcher, stored);
        CrashPoint.Reach("after_push");
    }

    [InPlaceOf(typeof(Dispatcher), "Notice")]
    public static void Notice(Dispatcher dispatcher, Recipients heads, int epoch)
    {
        if (!SeededBug.Is("repair_off"))
            NoticeShipped(dispatcher, heads, epoch);
    }

    [InPlaceOf(typeof(LogCursor), "RepairSoon")]
    public static void RepairSoon(LogCursor cursor, string cause, bool isBacklog)
    {
        if (cause != "hold" || !SeededBug.Is("repair_off"))
            RepairSoonShipped(cursor, cause, isBacklog);
    }

    [InPlaceOf(typeof(Reconciler), nameof(Reconciler.ReconcileAsync))]
    public static Task ReconcileAsync(Reconciler reconciler, TimeSpan patience, CancellationToken cancellationToken) =>
        SeededBug.Is("reconcile_off") ? Task.CompletedTask : ReconcileAsyncShipped(reconciler, patience, cancellationToken);

    [InPlaceOf(typeof(Resequencer), nameof(Resequencer.Offer))]
    public static bool Offer(Resequencer resequencer, in Envelope entry)
    {
        if (SeededBug.Is("skip_resequencer") && resequencer.Position >= 0)
            Deliver(resequencer, entry);
        return OfferShipped(resequencer, entry);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ReceiveShipped")]
    private static extern void ReceiveShipped(V2Session session, ReadOnlySpan<byte> utf8);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "CreateEntryShipped")]
    private static extern IntakeEntry CreateEntryShipped(IntakeWriter intakeWriter, Sender sender, PendingSend send, UserRef recipient);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AppendAsyncShipped")]
    private static extern Task<AcceptOutcome> AppendAsyncShipped(
        IntakeWriter intakeWriter, Sender sender, int partition, IReadOnlyList<PendingSend> sends, UserRef?[] recipients, int start, int end,
        CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AcquireAsyncShipped")]
    private static extern Task AcquireAsyncShipped(UserRegistrations registrations, long user, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "HandleShipped")]
    private static extern void HandleShipped(Dispatcher dispatcher, in EntryStored stored);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "NoticeShipped")]
    private static extern void NoticeShipped(Dispatcher dispatcher, Recipients heads, int epoch);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "RepairSoonShipped")]
    private static extern void RepairSoonShipped(LogCursor cursor, string cause, bool isBacklog);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ReconcileAsyncShipped")]
    private static extern Task ReconcileAsyncShipped(Reconciler reconciler, TimeSpan patience, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Deliver")]
    private static extern void Deliver(Resequencer resequencer, in Envelope entry);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "OfferShipped")]
    private static extern bool OfferShipped(Resequencer resequencer, in Envelope entry);
}
