using Chatable.Messaging;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>The last so many ids that were added, for one caller at a time. It holds nothing until the first.</summary>
internal sealed class RecentIds(int limit)
{
    private Queue<ClientId>? _inOrder;
    private HashSet<ClientId>? _all;

    public bool Contains(ClientId id) => _all is not null && _all.Contains(id);

    /// <summary>Makes it the latest, unless it is among them already.</summary>
    public void Add(ClientId id)
    {
        _all ??= [];
        _inOrder ??= [];
        if (!_all.Add(id))
            return;
        _inOrder.Enqueue(id);
        if (_inOrder.Count > limit)
            _all.Remove(_inOrder.Dequeue());
    }
}
