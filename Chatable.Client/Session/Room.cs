namespace Chatable.Client.Session;

/// <summary>How much room the inbox has for further messages.</summary>
internal enum Room
{
    /// <summary>At least half of the capacity: enough to justify a reconnection.</summary>
    Plenty,

    Little,

    None,
}
