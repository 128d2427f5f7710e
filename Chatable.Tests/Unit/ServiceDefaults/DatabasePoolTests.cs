using Chatable.Messaging;
using Npgsql;

namespace Chatable.Tests.Unit.ServiceDefaults;

public sealed class DatabasePoolTests
{
    [Theory]
    [InlineData("Host=localhost", 30)]
    [InlineData("Host=localhost;Maximum Pool Size=100", 100)]
    [InlineData("Host=localhost;MaxPoolSize=7", 7)]
    public void PoolIsBoundedUnlessTheConnectionStringSaysOtherwise(string connectionString, int size)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        DatabasePool.AtMost(30)(source);
        Assert.Equal(size, new NpgsqlConnectionStringBuilder(source.ConnectionString).MaxPoolSize);
    }

    [Theory]
    [InlineData("Host=localhost", true, 50)]
    [InlineData("Host=localhost;No Reset On Close=false;Max Auto Prepare=0", false, 0)]
    public void SessionsAreNotResetAndStatementsStayPreparedUnlessTheConnectionStringSaysOtherwise(
        string connectionString, bool noReset, int prepared)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        DatabasePool.AtMost(30)(source);
        var settings = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        Assert.Equal((noReset, prepared), (settings.NoResetOnClose, settings.MaxAutoPrepare));
    }
}
