namespace Chatable.Client.Connections;

/// <summary>Knows whether code runs inside a callback of the application, which must not wait for whoever called it.</summary>
internal sealed class CallbackScope
{
    private readonly AsyncLocal<Call?> _call = new();

    public bool IsInside => _call.Value is { HasReturned: false };

    /// <summary>A callback is called; it has returned when what this gives is disposed.</summary>
    public IDisposable Enter() => _call.Value = new Call();

    // What the callback starts and leaves running inherits it, and is inside no longer when the callback has returned.
    private sealed class Call : IDisposable
    {
        public volatile bool HasReturned;

        public void Dispose() => HasReturned = true;
    }
}
