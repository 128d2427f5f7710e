using Chatable.Tests.Faults.Workload;

namespace Chatable.Tests.Faults.Runs;

public sealed class CrowdCheckTests
{
    private static readonly CrowdRow[] s_good = [Row("crowd-1"), Row("crowd-2")];

    [Fact]
    public void WhatIsAckedAndStoredIsFine() => Assert.Empty(Judge(s_good));

    [Fact]
    public void WhatIsNotAckedMayBeMissing() => Assert.Empty(Judge([s_good[0]], acked: ["crowd-1"]));

    [Fact]
    public void AnAckedMessageThatIsNotStoredIsFound() => Assert.Equal(["I1"], Judge([s_good[0]]));

    [Fact]
    public void AnAckedMessageWithoutAnEnvelopeIsFound() =>
        Assert.Equal(["I1"], Judge([s_good[0], s_good[1] with { HasEnvelopes = false }]));

    [Fact]
    public void AMessageThatNobodySentIsFound() => Assert.Equal(["I2", "I2"], Judge([.. s_good, Row("crowd-4"), Row("c1")]));

    [Fact]
    public void AMessageThatIsStoredTwiceIsFound() => Assert.Equal(["I3"], Judge([.. s_good, s_good[0]]));

    [Fact]
    public void AnotherBodyIsFound() => Assert.Equal(["I9"], Judge([s_good[0], s_good[1] with { Text = "another" }]));

    private static CrowdRow Row(string clientId) => new("alice", clientId, CrowdUser.TextOf(clientId), HasEnvelopes: true);

    private static IEnumerable<string> Judge(CrowdRow[] rows, string[]? acked = null) =>
        CrowdCheck.Judge("alice", written: 3, acked ?? ["crowd-1", "crowd-2"], rows).Select(violation => violation.Invariant);
}
