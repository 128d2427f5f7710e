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

/// <summary>A network between a service and PostgreSQL that swallows everything and says nothing.</summary>
public sealed class SilentNetworkTests(PostgresServer postgres) : IAsyncLifetime
{
    // What a fault may delay others.
    private static readonly TimeSpan s_recovery = TimeSpan.FromSeconds(15);
    private static readonly Toxics s_hole = new() { BlackHole = true };
    private static readonly ILogger<TokenStore> s_log = NullLogger<TokenStore>.Instance;

    private MessagesDatabase _database = null!;
    private FaultProxy _proxy = null!;
    private NpgsqlDataSource _behind = null!;
    private UserRow _ann = null!;
    private UserRow _ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int, bool> Steps
    {
        get
        {
            var steps = new TheoryData<int, bool>();
            for (var step = 0; step < BatchSteps.Silences.Count; step++)
            {
                steps.Add(step, false);
                steps.Add(step, true);
            }

            return steps;
        }
    }

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync(postgres);
        (_ann, _ben) = await _database.AddUsersAsync(2) is [var ann, var ben] ? (ann, ben) : default;
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        _proxy = FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, settings.Port));
        settings.Port = _proxy.Address.Port;
        _behind = NpgsqlDataSource.Create(settings);
        // So that the statements are prepared, and nothing but a batch is on the wire afterwards.
        await new MessageStore(_behind).PersistAsync([Entry(_ann, _ben), Entry(_ben, _ann)], Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _behind.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task ABatchGivesUpInTimeAndCanBeRepeated(int step, bool bothWays)
    {
        (_proxy.Up, _proxy.Down) = BatchSteps.Silences[step];
        var (store, entry) = (new MessageStore(_behind), Entry(_ann, _ben));
        var persisting = store.PersistAsync([entry], Token);
        await Eventually.HoldsAsync(() => Task.FromResult(_proxy.Cuts > 0), "the batch has come to the step", Token);
        if (bothWays)
            (_proxy.Up, _proxy.Down) = (s_hole, s_hole);

        // Where the commit has got through and its answer, too, it is stored and that is said.
        var failure = await Record.ExceptionAsync(() => persisting.WaitAsync(s_recovery, Token));
        Assert.True(failure is null || PersistFailures.Classify(failure) is PersistFailure.Transient, $"{failure}");
        Assert.False(failure is TimeoutException, "it waits longer than others may have to");

        _proxy.Heal();
        await StoresAsync(store, entry);
        Assert.Equal(3, await _database.CountMessagesAsync());
    }

    // The worker is gone with the network: it never closes its connection.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhatABatchHasLockedIsFreeAgain(int step)
    {
        (_proxy.Up, _proxy.Down) = BatchSteps.Silences[step];
        var persisting = new MessageStore(_behind).PersistAsync([Entry(_ann, _ben)], Token);
        await Eventually.HoldsAsync(() => Task.FromResult(_proxy.Cuts > 0), "the batch has come to the step", Token);
        (_proxy.Up, _proxy.Down) = (s_hole, s_hole);

        await StoresAsync(_database.Store, Entry(_ben, _ann));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => persisting);
    }

    [Fact]
    public async Task WhatAnExchangeOfTokensHasLockedIsFreeAgain()
    {
        var secrets = new TokenSecretProtector(new() { Key = "the key of these tests, long enough" });
        var (behind, direct) = (new TokenStore(_behind, secrets, s_log), new TokenStore(_database.Source, secrets, s_log));
        var token = await behind.IssueAsync(_ann.Id, device: null, TimeSpan.FromHours(1), Token);
        _proxy.Down = new Toxics { HoleAt = new PatternCut(BatchSteps.Begun, CutMoment.Before) };
        var refreshing = behind.RefreshAsync(token.RefreshToken, TimeSpan.FromHours(1), Token);
        await Eventually.HoldsAsync(() => Task.FromResult(_proxy.Cuts > 0), "the user is locked", Token);
        (_proxy.Up, _proxy.Down) = (s_hole, s_hole);

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
            "the user is free again", Token, s_recovery);

        Assert.NotNull(refreshed?.Issued);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => refreshing);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task AReadGivesUpInTimeAndTheNextIsAnswered(bool up, bool down)
    {
        var log = new EnvelopeStore(_behind);
        Assert.Equal(2, await log.HeadAsync(_ann.Id, Token));
        (_proxy.Up, _proxy.Down) = (up ? s_hole : Toxics.None, down ? s_hole : Toxics.None);

        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => log.HeadAsync(_ann.Id, Token).WaitAsync(s_recovery, Token));
        Assert.IsType<TimeoutException>(failure.InnerException);

        _proxy.Heal();
        Assert.Equal(2, await log.HeadAsync(_ann.Id, Token));
    }

    [Fact]
    public async Task AReadThatNobodyWantsAnyMoreHoldsNoThreadAndAsksForNoConnection()
    {
        var log = new EnvelopeStore(_behind);
        await log.HeadAsync(_ann.Id, Token);
        (_proxy.Up, _proxy.Down) = (s_hole, s_hole);
        using var end = new CancellationTokenSource();

        var reading = log.HeadAsync(_ann.Id, end.Token);
        var links = _proxy.Links;
        // What the driver itself does would take place right here, and not come back.
        await Task.Run(end.Cancel, Token).WaitAsync(TimeSpan.FromSeconds(5), Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(5), Token));
        Assert.InRange(_proxy.Links, 0, links);
    }

    private static Task StoresAsync(MessageStore store, IntakeEntry entry) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                return (await store.PersistAsync([entry], Token)).Single() is MessageStored or MessageRepeated;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        },
        "others can store again", Token, s_recovery);
}
