using Chatable.ApiService.Http;

namespace Chatable.ApiService.Sync;

/// <summary>A client's request: everything after its last stored seq, and how long to wait if there is nothing.</summary>
/// <param name="Since">The last seq the client has stored; null for "from now on".</param>
/// <param name="Epoch">The epoch of that seq; <see cref="Guid.Empty"/> for one that no server ever issued.</param>
/// <param name="Limit">The most messages in an answer.</param>
/// <param name="Wait">How long to wait while there are no messages.</param>
internal readonly record struct SyncCursor(long? Since, Guid? Epoch, int Limit, TimeSpan Wait)
{
    private const int DefaultLimit = 100;

    /// <summary>Returns null if a value is invalid. <paramref name="numbers"/> then holds the problem.</summary>
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
