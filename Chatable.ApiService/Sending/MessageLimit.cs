using Chatable.ApiService.Http;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sending;

/// <summary>The largest message, over sockets and requests, in bytes of UTF-8.</summary>
internal sealed record MessageLimit(int Bytes)
{
    /// <summary>The allowance for a frame or request besides the text. The longest names, ids and keys take half of it.</summary>
    public const int Envelope = 1024;

    /// <summary>The upper limit: what the database accepts and what fits into a request.</summary>
    public const int Most =
        MessageRecord.MaxBodyBytes < RequestBody.MaxBytes - Envelope ? MessageRecord.MaxBodyBytes : RequestBody.MaxBytes - Envelope;
}
