namespace Chatable.Messaging.Wire;

/// <summary>The kind of content. The numbers are those of the original service.</summary>
public enum MessageType : byte
{
    Text = 0,
    Photo = 1,
}
