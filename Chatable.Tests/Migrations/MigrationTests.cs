using Chatable.MigrationService;
using Chatable.Tests.Support;

namespace Chatable.Tests.Migrations;

public sealed class MigrationTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnEmptyDatabaseGetsEveryScriptAndASecondRunDoesNothing()
    {
        var database = await postgres.CreateDatabaseAsync(Cancelled);

        var first = await MigrationRun.ApplyAsync(database, null, Cancelled);
        var second = await MigrationRun.ApplyAsync(database, null, Cancelled);

        Assert.Equal(MigrationScript.Embedded.Select(script => script.Name), first);
        Assert.Empty(second);
    }

    [Fact]
    public async Task AMigratedDatabaseIsACopyOfOne()
    {
        var database = await postgres.CreateMigratedDatabaseAsync(Cancelled);

        Assert.Empty(await MigrationRun.ApplyAsync(database, null, Cancelled));
    }
}
