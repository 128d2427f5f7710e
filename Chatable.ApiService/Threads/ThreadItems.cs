using System.Text.Json.Serialization;
using Chatable.ApiService.Http;

namespace Chatable.ApiService.Threads;

/// <summary>A conversation, shown by its latest message.</summary>
internal sealed record InboxItem(string AuthorUsername, DateTime CreatedAt, string LatestMessage, string WithUsername);

/// <summary>A message. <paramref name="MessageType"/> is 0 for a text, 1 for a photo.</summary>
internal sealed record ThreadItem(string Author, DateTime CreatedAt, string Message, int MessageType, string Recipient);

[JsonSerializable(typeof(ApiEnvelope<InboxItem>))]
[JsonSerializable(typeof(ApiEnvelope<ThreadItem>))]
internal sealed partial class ThreadsJson : JsonSerializerContext;
