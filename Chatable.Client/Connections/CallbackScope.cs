namespace Chatable.Client.Connections;

/// <summary>Tracks whether code runs inside an application callback. Such code must not wait for the callback's caller.</summary>
internal sealed class CallbackScope
{
    private readonly AsyncLocal<Call?> _call = new();

    public bool IsInside => _call.Value is { HasReturned: false };

    /// <summary>Enters a callback. Disposing the result leaves it.</summary>
    public IDisposable Enter() => _call.Value = new Call();

    // Code that the callback starts and leaves running inherits this value. It no longer counts as inside once the callback has returned.
    private sealed class Call : IDisposable
    {
        public volatile bool HasReturned;

        public void Dispose() => HasReturned = true;
    }
}
