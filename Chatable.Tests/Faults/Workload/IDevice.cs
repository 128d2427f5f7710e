using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>A device that takes part in a run from an empty log to the end.</summary>
internal interface IDevice : IAsyncDisposable
{
    /// <summary>Its name in the history.</summary>
    string Proc { get; }

    ChatUser User { get; }

    /// <summary>Up to where it has shown its user's log.</summary>
    long Cursor { get; }

    /// <summary>How many of its messages have no outcome yet.</summary>
    int Unacked { get; }

    /// <summary>How often a server answered with a reset.</summary>
    int Resets { get; }

    void Start();

    /// <summary>Writes a message, which is sent as soon as possible.</summary>
    void Write(string to, string body);

    /// <summary>Ends the connection; the device reconnects by itself.</summary>
    void Drop();
}
