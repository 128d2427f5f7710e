using Chatable.Client.Wire;

namespace Chatable.Client.Session;

/// <summary>What each frame means.</summary>
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

        // Place 0 is the same in every epoch. Any other cursor of another epoch is answered with a reset, or with the epoch it goes on in.
        if (_log.Cursor is { Seq: 0 } cursor && cursor.Epoch != welcome.Epoch)
            BeginLog(cursor with { Epoch = welcome.Epoch });

        // Last: whoever is told that the device is online may rely on its place.
        Do(new Welcomed());
    }

    // The first connection of a device.
    private void BeginFirst(WelcomeFrame welcome)
    {
        var head = new ChatCursor(welcome.Epoch, welcome.Head);
        if (settings.Start == ChatStart.Beginning && !_isLogTooLong && welcome.Head > settings.MaxReplay)
        {
            // Asked for from its beginning, and so on its way already; the next connection asks for what is new.
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
            // Of a kind that this version does not know, and a place of the log all the same.
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
        // One's own message in the log is as good as its acknowledgement, which was lost.
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

        // A repeated answer may name any place; the message comes there, or has come.
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

        // Whatever the server says of it: another message has that name for ever.
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
