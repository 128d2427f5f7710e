namespace Chatable.Client.Session;

/// <summary>How much of what comes the application could still be given.</summary>
internal enum Room
{
    /// <summary>Half of all places or more: worth another connection.</summary>
    Plenty,

    Little,

    None,
}
