using Chatable.ApiService.Http;

namespace Chatable.ApiService.Sync;

/// <summary>What a client asks for: everything after what it has stored, and how long it would wait for something to come.</summary>
/// <param name="Since">The last seq the client has stored; null for "from now on".</param>
/// <param name="Epoch">The epoch that seq belongs to; one that no server ever gave out is <see cref="Guid.Empty"/>.</param>
/// <param name="Limit">The most messages of an answer.</param>
/// <param name="Wait">How long to wait while there are none.</param>
internal readonly record struct SyncCursor(long? Since, Guid? Epoch, int Limit, TimeSpan Wait)
{
    private const int DefaultLimit = 100;

    /// <summary>Null where a value is at fault, which <paramref name="numbers"/> then tells.</summary>
    public static SyncCursor? Read(string? since, string? epoch, string? limit, string? wait, QueryNumbers numbers)
    {
        var cursor = new SyncCursor(
            numbers.Read("since", since, 0, long.MaxValue),
            epoch is null ? null : Guid.TryParseExact(epoch, "D", out var known) ? known : Guid.Empty,
            (int)(numbers.Read("limit", limit, 1, 500) ?? DefaultLimit),
            TimeSpan.FromSeconds(numbers.Read("wait", wait, 0, 25) ?? 0));
        return numbers.Problem is null ? cursor : null;
    }
}
