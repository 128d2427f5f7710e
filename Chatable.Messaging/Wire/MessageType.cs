namespace Chatable.Messaging.Wire;

/// <summary>What a body holds; the numbers are the original's.</summary>
public enum MessageType : byte
{
    Text = 0,
    Photo = 1,
}
