using Chatable.Client;
using Chatable.Tests.Faults.History;

namespace Chatable.Tests.Faults.Workload;

internal sealed partial class LibraryDevice
{
    private static readonly TimeSpan s_loading = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    // Called in the lock, so that calls are in the order of writing.
    private void Submit(ChatConnection connection, Draft draft)
    {
        _notes.AddAttempt(draft);
        _calls[draft.ClientId] = SendAsync(connection, draft);
    }

    private async Task SendAsync(ChatConnection connection, Draft draft)
    {
        // Records nothing before the call is made.
        var sending = connection.SendAsync(draft.To, draft.Body, clientId: draft.ClientId);
        await Task.Yield();
        try
        {
            var sent = await sending;
            if (Remove(draft.ClientId) is not null)
                _notes.AddAck(draft, sent);
        }
        catch (ChatSendException)
        {
            Remove(draft.ClientId);
            _notes.AddNoAck(draft, Known.Fail);
        }
        catch (Exception exception) when (exception is ChatStoppedException or IOException)
        {
            // It may or may not be in the store, and may or may not be sent.
            _notes.AddNoAck(draft, Known.Info);
        }
        catch (Exception exception)
        {
            Surprises.Enqueue($"{Proc} could not send {draft.ClientId}: {exception}");
        }
        finally
        {
            lock (_gate)
                _calls.Remove(draft.ClientId);
        }
    }

    // A pending call learns it by itself.
    private void Settle(SentMessage sent)
    {
        lock (_gate)
        {
            if (_calls.ContainsKey(sent.ClientId))
                return;
        }

        if (Remove(sent.ClientId) is { } draft)
            _notes.AddAck(draft, sent);
    }

    private Draft? Remove(string clientId)
    {
        lock (_gate)
        {
            var draft = _drafts.Find(draft => draft.ClientId == clientId);
            if (draft is not null)
                _drafts.Remove(draft);
            return draft;
        }
    }

    private void Look(ChatStatus status)
    {
        if (status.State == ChatState.Reconnecting)
            _notes.AddEnd(status.CloseCode);
        if (status is { State: ChatState.Stopped, Reason: not ChatStopReason.Disposed } && _store is not { IsDead: true })
            Surprises.Enqueue($"{Proc} stopped: {status.Reason}, close code {status.CloseCode}");
    }

    private async Task ReceiveAsync(ChatConnection connection, CancellationToken life)
    {
        while (true)
        {
            try
            {
                await foreach (var message in connection.ReceiveAsync(CancellationToken.None))
                {
                    // A file store reports it; without one, a delivered message counts as taken.
                    if (_crashes is null)
                        _notes.AddTaken(message);
                }

                return;
            }
            catch (Exception exception) when (exception is ChatStoppedException or IOException)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or ChatApiException or OperationCanceledException)
            {
                // The messages of a reset could not be loaded; the reset comes again.
                if (life.IsCancellationRequested)
                    return;
                await Task.Delay(s_pause, life).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Loads all messages of the conversations that were not shown. That is more than the gap, because the log moves on meanwhile.
    private async ValueTask LoadAsync(ChatReset reset, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _resets);
        using var patience = new CancellationTokenSource(s_loading);
        var history = _client.History(_credentials);
        await foreach (var conversation in history.ConversationsAsync(patience.Token))
        {
            foreach (var after in _notes.LoadAfter(conversation.Id))
            {
                if (await TryLoadAsync(history, conversation.Id, after, patience.Token))
                    break;
            }
        }

        _notes.AddReset(reset.To.Seq);
    }

    private async Task<bool> TryLoadAsync(ChatHistory history, long conversation, long after, CancellationToken cancellationToken)
    {
        var isKnown = after == 0;
        await foreach (var message in history.MessagesAsync(conversation, after, cancellationToken))
        {
            isKnown |= _notes.Knows(message);
            if (!isKnown)
                return false;
            _notes.AddLoaded(message);
        }

        return isKnown;
    }
}
