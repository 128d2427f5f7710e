using Chatable.Tests.Faults.Nemesis;

namespace Chatable.Tests.Faults.Runs;

public sealed class CoverageTests
{
    private static readonly RunResult s_busy =
        new(Calm.Fault, 1) { Info = 10, Suppressed = 10, Resumes = 10, Traces = new Traces(Takeovers: 3, Held: 1, Reconciled: 1) };

    [Fact]
    public void WhatSeveralRunsHaveTestedIsAddedUp() => Assert.Empty(Coverage.Of([s_busy, s_busy]).Missing());

    [Fact]
    public void WhatWasNotTestedIsSaid() => Assert.Equal(6, Coverage.Of([new RunResult(Calm.Fault, 1)]).Missing().Count());
}
