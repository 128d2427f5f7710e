using Chatable.ApiService.Http;
using Chatable.Messaging.Wire;

namespace Chatable.ApiService.Sending;

/// <summary>Largest message, by whichever way it comes, in bytes of UTF-8.</summary>
internal sealed record MessageLimit(int Bytes)
{
    /// <summary>What a frame or a request with a message holds besides its text: names, ids and keys at their longest are half of this.</summary>
    public const int Envelope = 1024;

    /// <summary>The most it may be: what the database takes, and what fits into a request.</summary>
    public static int Most => Math.Min(MessageRecord.MaxBodyBytes, RequestBody.MaxBytes - Envelope);
}
