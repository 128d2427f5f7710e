using System.Net;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Wire;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Support;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>The cuts happen where they should. F19 would prove nothing if they never happened, or always on the same side.</summary>
public sealed class CommitCutsTests(PostgresServer postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACutComesOnTheSaidSideOfTheCommit(bool after)
    {
        await using var database = await CreateAsync(postgres);
        var (ann, ben) = await database.AddUsersAsync(2) is [var one, var other] ? (one, other) : default;
        var address = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = FaultProxy.Start(IPEndPoint.Parse($"{address.Host}:{address.Port}"));
        (address.Host, address.Port) = ($"{proxy.Address.Address}", proxy.Address.Port);
        await using var source = NpgsqlDataSource.Create(address);
        var store = new MessageStore(source);
        await store.PersistAsync([Entry(ann, ben)], Token);

        (proxy.Up, proxy.Down) = after ? CommitCuts.After : CommitCuts.Before;
        var entry = Entry(ann, ben);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => store.PersistAsync([entry], Token));
        Assert.Equal(PersistFailure.Transient, PersistFailures.Classify(failure));
        Assert.Equal(1, proxy.Cuts);

        proxy.Heal();
        var outcome = Assert.Single(await store.PersistAsync([entry], Token));
        Assert.Equal(after ? typeof(CommandRepeated) : typeof(EntryStored), outcome.GetType());
        Assert.Equal(2, await database.CountMessagesAsync());
    }
}
