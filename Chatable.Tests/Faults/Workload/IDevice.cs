using Chatable.Tests.Support;

namespace Chatable.Tests.Faults.Workload;

/// <summary>A device that takes part in a run from an empty log to the end.</summary>
internal interface IDevice : IAsyncDisposable
{
    /// <summary>Its name in the history.</summary>
    string Proc { get; }

    ChatUser User { get; }

    /// <summary>How far it has shown its user's log.</summary>
    long Cursor { get; }

    /// <summary>What it has written that has no outcome yet.</summary>
    int Unacked { get; }

    /// <summary>Times a server knew another past than the device.</summary>
    int Resets { get; }

    void Start();

    /// <summary>Writes a message, which goes out when it can.</summary>
    void Write(string to, string body);

    /// <summary>Ends the connection; the device comes back by itself.</summary>
    void Drop();
}
