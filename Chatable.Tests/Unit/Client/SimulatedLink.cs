using System.Text.Json;
using Chatable.Client.Wire;

namespace Chatable.Tests.Unit.Client;

/// <summary>
/// One connection of a device to the server: frames arrive in order, after any delay, and are lost with it. The server's side has its state
/// of a socket: its position in the log, and the unanswered sends that guard the order.
/// </summary>
internal sealed class SimulatedLink(SimulatedServer server)
{
    private readonly Queue<ReadOnlyMemory<byte>> _up = [];
    private readonly Queue<ServerFrame> _down = [];
    private readonly List<(string Id, string Recipient, bool IsRefused)> _unanswered = [];
    private long? _sent;

    public void Up(ReadOnlyMemory<byte> frame) => _up.Enqueue(frame);

    public bool TryDown(out ServerFrame? frame) => _down.TryDequeue(out frame);

    /// <summary>The server reads a frame.</summary>
    /// <param name="refuse">Whether the server is too busy to accept it.</param>
    public bool ReadOne(bool refuse)
    {
        if (!_up.TryDequeue(out var bytes))
            return false;

        using var frame = JsonDocument.Parse(bytes);
        var json = frame.RootElement;
        var type = json.GetProperty("type").GetString();
        if (type == "hello")
            Hello(json);
        else if (type == "send")
            Send(Text("client_id"), Text("recipient"), Text("message"), refuse);
        return true;

        string Text(string field) => json.GetProperty(field).GetString()!;
    }

    /// <summary>The worker commits the oldest entry of the intake, or the entry is lost there and the next one is refused.</summary>
    public void WorkOne(bool lose)
    {
        if (!server.Intake.TryDequeue(out var entry) || lose)
            return;

        // The order guard: the previous unanswered send must be stored.
        if (entry.After is { } before && !server.Has(before) && !server.Has(entry.Id))
            entry.Origin.Refuse(entry.Id, entry.Recipient, "out_of_order");
        else if (server.Commit(entry.Id, entry.Recipient, entry.Text))
            entry.Origin.Repeat(entry.Id);
    }

    /// <summary>The server sends the next message of the log.</summary>
    public void WriteOne()
    {
        if (_sent is not { } sent || sent >= server.Log.Count)
            return;

        var message = server.Log[(int)sent];
        _sent = sent + 1;
        var isOwn = message.ClientId is { } id && _unanswered.RemoveAll(one => one.Id == id) > 0;
        _down.Enqueue(isOwn ? server.AckOf(message.ClientId!, isDuplicate: false) : new MessageFrame(message));
    }

    private void Hello(JsonElement hello)
    {
        var since = hello.GetProperty("since");
        _sent = since.ValueKind == JsonValueKind.Null ? server.Log.Count : since.GetInt64();
        _down.Enqueue(server.Welcome);
    }

    private void Send(string id, string recipient, string text, bool refuse)
    {
        var listed = _unanswered.FindIndex(one => one.Id == id);
        if (listed >= 0)
            DropAbandoned(recipient, listed);
        else if (_unanswered.LastOrDefault(one => one.Recipient == recipient) is { IsRefused: true })
            refuse = true;
        var after = _unanswered.TakeWhile(one => one.Id != id).LastOrDefault(one => one.Recipient == recipient).Id;
        if (_unanswered.FindIndex(one => one.Id == id) is >= 0 and var at)
            _unanswered[at] = (id, recipient, refuse);
        else
            _unanswered.Add((id, recipient, refuse));

        if (refuse)
            _down.Enqueue(new ErrorFrame(id, "busy", "busy", IsRetryable: true, TimeSpan.FromMilliseconds(100)));
        else
            server.Intake.Enqueue(new SimulatedServer.Entry(id, recipient, text, after, this));
    }

    // Refused sends before one that is sent again: the device has given them up.
    private void DropAbandoned(string recipient, int before)
    {
        for (var i = before - 1; i >= 0; i--)
        {
            if (_unanswered[i].Recipient == recipient && _unanswered[i].IsRefused)
                _unanswered.RemoveAt(i);
        }
    }

    private void Repeat(string id)
    {
        _down.Enqueue(server.AckOf(id, isDuplicate: true));
        _unanswered.RemoveAll(one => one.Id == id);
    }

    private void Refuse(string id, string recipient, string code)
    {
        var at = _unanswered.FindIndex(one => one.Id == id);
        if (at >= 0)
            _unanswered[at] = (id, recipient, true);
        _down.Enqueue(new ErrorFrame(id, code, code, IsRetryable: true, null));
    }
}
