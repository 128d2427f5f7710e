using System.Diagnostics.Metrics;

namespace Chatable.ApiService.Auth;

internal sealed class RevocationMetrics
{
    private readonly Counter<long> _notAnnounced;

    public RevocationMetrics(IMeterFactory meters) => _notAnnounced = meters.Create("Chatable.Auth").CreateCounter<long>(
        "chatable.auth.revocations.not_announced", "{token}", "Ended tokens that could not be announced through Redis.");

    public void NotAnnounced() => _notAnnounced.Add(1);
}
