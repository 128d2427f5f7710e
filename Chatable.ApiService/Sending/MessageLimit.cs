namespace Chatable.ApiService.Sending;

/// <summary>Largest message, by whichever way it comes, in bytes of UTF-8.</summary>
internal sealed record MessageLimit(int Bytes);
