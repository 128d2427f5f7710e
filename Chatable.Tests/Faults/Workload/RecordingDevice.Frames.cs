using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Workload;

internal sealed partial class RecordingDevice
{
    private void Take(Frame frame, int connection)
    {
        switch (frame.Type)
        {
            case "welcome":
                _failures = 0;
                // If the epoch differs from the cursor's, a reset follows.
                _epoch ??= frame.Epoch;
                _history.Add(connection, Known.Ok, Op.Welcome, seq: frame.Head);
                break;
            case "reset":
                _history.Add(connection, Known.Ok, Op.Reset, seq: frame.Head);
                StartOver(frame.Epoch!);
                break;
            case "epoch":
                _epoch = frame.Epoch;
                break;
            case "caught_up":
                _history.Add(connection, Known.Ok, Op.CaughtUp, seq: frame.Seq);
                break;
            case "message":
                _history.Add(connection, Known.Ok, Op.Recv, frame);
                TakeMessage(frame, connection);
                break;
            case "ack":
                TakeAck(frame, connection);
                break;
            case "error" when frame.ClientId is not null:
                TakeError(frame, connection);
                break;
        }
    }

    private void TakeMessage(Frame frame, int connection)
    {
        Surface(frame, frame.Hash!, connection);

        // A device's own message in the log counts as an ack.
        if (frame.ClientId is { } own && _outbox.Settle(own) is not null)
            PublishResult(frame, connection, repeat: true);
    }

    private void TakeAck(Frame frame, int connection)
    {
        if (_outbox.Settle(frame.ClientId!) is { } draft)
            _sending.NoticeAck(draft);
        PublishResult(frame, connection, frame.Duplicate);
        if (frame.Duplicate)
        {
            Counts.Suppressed++;
            _sending.NoticeRepeatTold();
        }
        else
        {
            Surface(frame, _mine[frame.ClientId!].Hash, connection);
        }
    }

    private void PublishResult(Frame frame, int connection, bool repeat)
    {
        _history.Add(connection, Known.Ok, Op.Ack, frame, repeat);
        Acked?.Invoke(frame.Conversation!.Value, frame.ConversationSeq!.Value);
    }

    private void TakeError(Frame frame, int connection)
    {
        Counts.Errors.AddOrUpdate(frame.Code!, 1, (_, count) => count + 1);
        _history.Add(connection, frame.Retryable ? Known.Info : Known.Fail, Op.Send, frame);
        if (frame.Retryable)
            _outbox.Refuse(frame.ClientId!, TimeSpan.FromMilliseconds(frame.RetryAfterMs ?? 500));
        else
            _outbox.Settle(frame.ClientId!);
    }

    // The cursor moves in one step with what is shown, as in a local database.
    private void Surface(Frame frame, string hash, int connection)
    {
        var seq = frame.Seq!.Value;
        if (seq <= _cursor)
            return;
        Volatile.Write(ref _cursor, seq);
        _history.AddShown(connection, seq, hash, frame.MessageId!);
    }

    // The cursor belongs to another log: everything is requested again on a new connection.
    private void StartOver(string epoch)
    {
        Counts.Resets++;
        _epoch = epoch;
        Volatile.Write(ref _cursor, 0);
        Drop();
    }
}
