using System.Net;
using Chatable.Messaging.Envelopes;
using Chatable.Messaging.Messages;
using Chatable.Messaging.Tokens;
using Chatable.Messaging.Wire;
using Chatable.Tests.Faults.Nemesis;
using Chatable.Tests.Faults.Proxy;
using Chatable.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static Chatable.Tests.Stores.MessagesDatabase;

namespace Chatable.Tests.Stores;

/// <summary>A network between a service and PostgreSQL that drops everything silently.</summary>
public sealed class SilentNetworkTests(PostgresServer postgres)
{
    // How long a fault may delay others.
    private static readonly TimeSpan s_recovery = TimeSpan.FromSeconds(15);
    private static readonly Toxics s_hole = new() { BlackHole = true };
    private static readonly ILogger<TokenStore> s_log = NullLogger<TokenStore>.Instance;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // In parallel, because each waits for the full timeout.
    [Fact]
    public Task ABatchGivesUpInTimeAndCanBeRepeated() => Task.WhenAll(
        from step in Enumerable.Range(0, BatchSteps.Silences.Count)
        from bothWays in (bool[])[false, true]
        select GivesUpAsync(step, bothWays));

    private async Task GivesUpAsync(int step, bool bothWays)
    {
        await using var link = await Link.CreateAsync(postgres);
        (link.Proxy.Up, link.Proxy.Down) = BatchSteps.Silences[step];
        var (store, entry) = (new MessageStore(link.Behind), Entry(link.Ann, link.Ben));
        var persisting = store.PersistAsync([entry], Token);
        await Eventually.HoldsAsync(() => Task.FromResult(link.Proxy.Cuts > 0), $"the batch has reached step {step}", Token);
        if (bothWays)
            (link.Proxy.Up, link.Proxy.Down) = (s_hole, s_hole);

        // If the commit and its response got through, the batch is stored and reported as stored.
        var failure = await Record.ExceptionAsync(() => persisting.WaitAsync(s_recovery, Token));
        Assert.True(failure is null || PersistFailures.Classify(failure) is PersistFailure.Transient, $"{step}: {failure}");
        Assert.False(failure is TimeoutException, $"{step}: it waits longer than the recovery limit");

        link.Proxy.Heal();
        await StoresAsync(store, entry);
        Assert.Equal(3, await link.Database.CountMessagesAsync());
    }

    // The worker is lost with the network and never closes its connection.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhatABatchHasLockedIsFreeAgain(int step)
    {
        await using var link = await Link.CreateAsync(postgres);
        (link.Proxy.Up, link.Proxy.Down) = BatchSteps.Silences[step];
        var persisting = new MessageStore(link.Behind).PersistAsync([Entry(link.Ann, link.Ben)], Token);
        await Eventually.HoldsAsync(() => Task.FromResult(link.Proxy.Cuts > 0), "the batch has reached the step", Token);
        (link.Proxy.Up, link.Proxy.Down) = (s_hole, s_hole);

        await StoresAsync(link.Database.Store, Entry(link.Ben, link.Ann));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => persisting);
    }

    [Fact]
    public async Task WhatAnExchangeOfTokensHasLockedIsFreeAgain()
    {
        await using var link = await Link.CreateAsync(postgres);
        var secrets = new TokenSecretProtector(new() { Key = "the key of these tests, long enough" });
        var (behind, direct) = (new TokenStore(link.Behind, secrets, s_log), new TokenStore(link.Database.Source, secrets, s_log));
        var token = await behind.IssueAsync(link.Ann.Id, device: null, TimeSpan.FromHours(1), Token);
        link.Proxy.Down = new Toxics { HoleAt = new PatternCut(BatchSteps.Begun, CutMoment.Before) };
        var refreshing = behind.RefreshAsync(token.RefreshToken, TimeSpan.FromHours(1), Token);
        await Eventually.HoldsAsync(() => Task.FromResult(link.Proxy.Cuts > 0), "the user is locked", Token);
        (link.Proxy.Up, link.Proxy.Down) = (s_hole, s_hole);

        RefreshResult? refreshed = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    refreshed = await direct.RefreshAsync(token.RefreshToken, TimeSpan.FromHours(1), Token);
                    return true;
                }
                catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.LockNotAvailable)
                {
                    return false;
                }
            },
            "the user is unlocked", Token, s_recovery);

        Assert.NotNull(refreshed?.Issued);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => refreshing);
    }

    [Fact]
    public Task AReadGivesUpInTimeAndTheNextIsAnswered() =>
        Task.WhenAll(ReadGivesUpAsync(up: true, down: false), ReadGivesUpAsync(up: false, down: true), ReadGivesUpAsync(up: true, down: true));

    private async Task ReadGivesUpAsync(bool up, bool down)
    {
        await using var link = await Link.CreateAsync(postgres);
        var log = new EnvelopeStore(link.Behind);
        Assert.Equal(2, await log.HeadAsync(link.Ann.Id, Token));
        (link.Proxy.Up, link.Proxy.Down) = (up ? s_hole : Toxics.None, down ? s_hole : Toxics.None);

        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => log.HeadAsync(link.Ann.Id, Token).WaitAsync(s_recovery, Token));
        Assert.IsType<TimeoutException>(failure.InnerException);

        link.Proxy.Heal();
        Assert.Equal(2, await log.HeadAsync(link.Ann.Id, Token));
    }

    [Fact]
    public async Task AReadThatNobodyWantsAnyMoreHoldsNoThreadAndAsksForNoConnection()
    {
        await using var link = await Link.CreateAsync(postgres);
        var log = new EnvelopeStore(link.Behind);
        await log.HeadAsync(link.Ann.Id, Token);
        (link.Proxy.Up, link.Proxy.Down) = (s_hole, s_hole);
        using var end = new CancellationTokenSource();

        var reading = log.HeadAsync(link.Ann.Id, end.Token);
        var links = link.Proxy.Links;
        // The driver's own cancellation would run right here and not return.
        await Task.Run(end.Cancel, Token).WaitAsync(TimeSpan.FromSeconds(5), Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(5), Token));
        Assert.InRange(link.Proxy.Links, 0, links);
    }

    private static Task StoresAsync(MessageStore store, IntakeEntry entry) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                return (await store.PersistAsync([entry], Token)).Single() is EntryStored or CommandRepeated;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        },
        "others can store again", Token, s_recovery);

    /// <summary>A database with two users and two messages, reached directly and through a proxy.</summary>
    private sealed record Link(MessagesDatabase Database, FaultProxy Proxy, NpgsqlDataSource Behind, UserRow Ann, UserRow Ben) : IAsyncDisposable
    {
        public static async Task<Link> CreateAsync(PostgresServer postgres)
        {
            var database = await MessagesDatabase.CreateAsync(postgres);
            var users = await database.AddUsersAsync(2);
            var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
            var proxy = FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, settings.Port));
            settings.Port = proxy.Address.Port;
            var link = new Link(database, proxy, NpgsqlDataSource.Create(settings), users[0], users[1]);
            // Prepares the statements, so that later only a batch is on the wire.
            await new MessageStore(link.Behind).PersistAsync([Entry(link.Ann, link.Ben), Entry(link.Ben, link.Ann)], Token);
            return link;
        }

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await Behind.DisposeAsync();
            await Database.DisposeAsync();
        }
    }
}
