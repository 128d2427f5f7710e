using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Realtime.Sessions;

/// <summary>A client's frame and how it came: the time it came at, and whether that was sooner than allowed.</summary>
internal readonly record struct ReceivedV2Frame(V2ClientFrame Frame, bool IsOverRate, long At);

/// <summary>Takes a frame that is no hello.</summary>
internal delegate void HandleV2Frame(in ReceivedV2Frame received);
