using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>Handles each kind of frame.</summary>
internal sealed partial class ClientSession
{
    private void Greeted(ServerFrame? frame, TimeSpan now)
    {
        if (frame is WelcomeFrame welcome)
            Begin(welcome, now);
        else if (frame is not (PingFrame or UnknownFrame or ErrorFrame or DrainingFrame))
            GiveUp(LeaveReason.BadFrame);
    }

    private void Begin(WelcomeFrame welcome, TimeSpan now)
    {
        _phase = Phase.Online;
        _maxFrameBytes = welcome.MaxFrameBytes;
        _heartbeat.Begin(welcome.Heartbeat, now);
        _outbox.Begin(welcome.Window, now);
        if (_log.Cursor is null)
        {
            BeginFirst(welcome);
            return;
        }

        // Seq 0 is the same in every epoch. For any other cursor of another epoch, the server answers with a reset, or with the epoch that
        // continues it.
        if (_log.Cursor is { Seq: 0 } cursor && cursor.Epoch != welcome.Epoch)
            BeginLog(cursor with { Epoch = welcome.Epoch });

        // Comes last: handlers of the online status may rely on the cursor.
        Do(new Welcomed());
    }

    // Handles the first connection of a device.
    private void BeginFirst(WelcomeFrame welcome)
    {
        var head = new ChatCursor(welcome.Epoch, welcome.Head);
        if (settings.Start == ChatStart.Beginning && !_isLogTooLong && welcome.Head > settings.MaxReplay)
        {
            // The log was requested from its beginning, so it is already being sent. The next connection requests only new messages.
            _isLogTooLong = true;
            GiveUp(LeaveReason.LongLog);
            return;
        }

        if (settings.Start == ChatStart.Now)
            BeginLog(head);
        else if (_isLogTooLong)
            BeginOver(new ChatReset(head) { IsFirst = true });
        else
            BeginLog(head with { Seq = 0 });
        Do(new Welcomed());
    }

    private void BeginOver(ChatReset reset)
    {
        _log.Begin(reset.To);
        Do(new StartOver(reset));
    }

    private void BeginLog(ChatCursor at)
    {
        _log.Begin(at);
        Do(new BeginAt(at));
    }

    private void Handle(ServerFrame? frame, TimeSpan now)
    {
        switch (frame)
        {
            case MessageFrame message:
                Handle(message.Message);
                break;
            case AckFrame ack:
                Handle(ack);
                break;
            case ErrorFrame error:
                Handle(error, now);
                break;
            case ResetFrame reset:
                BeginOver(new ChatReset(reset.To));
                break;
            case EpochFrame epoch when _log.GoOn(epoch.Shared):
                Do(new GoOn(epoch.Shared));
                break;
            case DrainingFrame draining:
                _drainsAt = now + draining.Within * settings.Random();
                break;
            case CaughtUpFrame:
                Do(new CaughtUp());
                break;
            // A frame of unknown type that still occupies a seq of the log.
            case UnknownFrame { Seq: { } seq } when IsNext(seq, needsRoom: false):
                _log.Read(seq);
                Do(new Pass(seq));
                break;
            case PingFrame:
                Do(new Transmit(ClientFrames.Pong));
                break;
            case null or WelcomeFrame or EpochFrame:
                GiveUp(LeaveReason.BadFrame);
                break;
        }
    }

    private void Handle(ChatMessage message)
    {
        // The device's own message in the log is as good as its acknowledgement, which was lost.
        if (message.ClientId is { } clientId && _outbox.Find(clientId) is { } own && own.IsStoredAs(message))
            Settle(new SentMessage(
                clientId, message.MessageId, message.Seq, message.Conversation, message.ConversationSeq, message.CreatedAt));

        if (IsNext(message.Seq, needsRoom: !_log.IsSettled(message.Seq)))
            Do(_log.Read(message.Seq) ? new Pass(message.Seq) : new Surface(message));
    }

    private void Handle(AckFrame ack)
    {
        if (_outbox.Find(ack.Sent.ClientId) is not null)
            Settle(ack.Sent);

        // A duplicate's acknowledgement may name any seq. The message itself comes at that seq, or already has.
        if (!ack.IsDuplicate && IsNext(ack.Sent.Seq, needsRoom: false))
        {
            _log.Read(ack.Sent.Seq);
            Do(new Pass(ack.Sent.Seq));
        }
    }

    private void Handle(ErrorFrame error, TimeSpan now)
    {
        if (error.RetryAfter is { } wait)
            AskedToWait = wait;
        if (error.ClientId is not { } clientId || _outbox.Find(clientId) is null)
            return;

        // Final even if the server calls it retryable: another message has this id forever.
        if (!error.IsRetryable || error.Code == ChatSendException.KeyReused)
        {
            _outbox.Remove(clientId);
            Do(new Refuse(new ChatSendException(clientId, error.Code, error.Message)));
        }
        else if (_outbox.TryAgain(error, now))
        {
            Do(new Resending(error.Code));
        }
    }

    private void Settle(SentMessage sent)
    {
        _outbox.Remove(sent.ClientId);
        _outbox.Acknowledged();
        _log.Settled(sent.Seq);
        Do(new Settle(sent));
    }

    private bool IsNext(long seq, bool needsRoom)
    {
        var place = _log.PlaceOf(seq);
        if (needsRoom && place == SessionLog.Place.Next && _room == Room.None)
            _isBehind = true;
        if (_isBehind)
            return false;
        if (place == SessionLog.Place.TooFar)
            GiveUp(LeaveReason.Gap);
        return place == SessionLog.Place.Next;
    }
}
