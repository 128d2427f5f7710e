using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using Chatable.ApiService.Accounts;
using Chatable.ApiService.Http;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Unit.Accounts;

public sealed class PasswordsTests
{
    private const string Password = "correct-horse";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HashIsPbkdf2WithSha512And220000Rounds()
    {
        using var passwords = With(new());
        var hash = Convert.FromBase64String(await passwords.HashAsync(Password, Cancellation));
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.Equal(220_000u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)));
        Assert.Equal(16u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(9)));
        Assert.Equal(13 + 16 + 32, hash.Length);
    }

    [Fact]
    public async Task RightPasswordIsRightAndHashWithFewerRoundsIsOutdated()
    {
        using var older = With(new() { Iterations = 1_000 });
        using var newer = With(new() { Iterations = 2_000 });
        var hash = await older.HashAsync(Password, Cancellation);
        Assert.Equal(PasswordVerificationResult.Success, await older.VerifyAsync(hash, Password, Cancellation));
        Assert.Equal(PasswordVerificationResult.SuccessRehashNeeded, await newer.VerifyAsync(hash, Password, Cancellation));
        Assert.Equal(PasswordVerificationResult.Failed, await newer.VerifyAsync(hash, Password + "x", Cancellation));
        Assert.NotEqual(hash, await older.HashAsync(Password, Cancellation));
    }

    [Fact]
    public async Task NobodysPasswordIsNeverRight()
    {
        using var passwords = With(new() { Iterations = 1_000 });
        Assert.Equal(PasswordVerificationResult.Failed, await passwords.VerifyAsync(null, Password, Cancellation));
    }

    // Compares work, not time: the number of hashes for an unknown user, each with the configured number of rounds.
    [Fact]
    public async Task UnknownUserCostsTheSameWorkAsAWrongPassword()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var passwords = new Passwords(Options.Create(new PasswordsOptions { Iterations = 1_000 }), meters);
        using var verifications = new CounterReading(meters, "chatable.accounts.passwords.verifications");
        var hash = await passwords.HashAsync(Password, Cancellation);
        Assert.Equal(0, verifications.Total);

        await passwords.VerifyAsync(hash, "wrong-horse", Cancellation);
        Assert.Equal(1, verifications.Total);
        await passwords.VerifyAsync(null, "wrong-horse", Cancellation);
        Assert.Equal(2, verifications.Total);
    }

    // The time of a hash depends only on the number of rounds.
    [Theory]
    [InlineData("wrong-horse")]
    [InlineData("wr\u00f6ng-horse")]
    [InlineData("wro\u0308ng-horse")]
    public async Task UnknownUserAndAnOldUserCostTheSameRounds(string wrong)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var older = With(new() { Iterations = 1_000 });
        using var newer = new Passwords(Options.Create(new PasswordsOptions { Iterations = 5_000 }), meters);
        var (oldHash, newHash) = (await older.HashAsync(Password, Cancellation), await newer.HashAsync(Password, Cancellation));

        var costs = new List<long>();
        foreach (var hash in (string?[])[oldHash, newHash, null])
        {
            using var rounds = new CounterReading(meters, "chatable.accounts.passwords.rounds");
            Assert.Equal(PasswordVerificationResult.Failed, await newer.VerifyAsync(hash, wrong, Cancellation));
            costs.Add(rounds.Total);
        }

        var hashes = PasswordText.Prepare(wrong) == wrong ? 1 : 2;
        Assert.Equal([hashes * 5_000L, hashes * 5_000L, hashes * 5_000L], costs);
    }

    [Theory]
    [InlineData("caf\u00e9-au-lait", "cafe\u0301-au-lait")]
    [InlineData("correct horse", "correct\u00a0horse")]
    [InlineData("correct horse", "correct\u3000horse")]
    [InlineData("\u1112\u1161\u11ab horse", "\ud55c horse")]
    public async Task OnePasswordTypedInTwoWaysIsOne(string one, string other)
    {
        using var passwords = With(new() { Iterations = 1_000 });
        var hash = await passwords.HashAsync(one, Cancellation);
        Assert.Equal(PasswordVerificationResult.Success, await passwords.VerifyAsync(hash, other, Cancellation));
        hash = await passwords.HashAsync(other, Cancellation);
        Assert.Equal(PasswordVerificationResult.Success, await passwords.VerifyAsync(hash, one, Cancellation));
    }

    [Theory]
    [InlineData("correct-horse", "Correct-horse")]
    [InlineData("caf\u00e9-au-lait", "cafe-au-lait")]
    [InlineData("\ufb01ve-horses", "five-horses")] // a ligature is another character: NFC, not NFKC
    public async Task DifferentPasswordsStayDifferent(string one, string other)
    {
        using var passwords = With(new() { Iterations = 1_000 });
        var hash = await passwords.HashAsync(one, Cancellation);
        Assert.Equal(PasswordVerificationResult.Failed, await passwords.VerifyAsync(hash, other, Cancellation));
    }

    [Fact]
    public async Task HashOfTheTextAsItWasTypedIsStillFoundAndOutdated()
    {
        const string Typed = "cafe\u0301-au-lait";
        using var passwords = With(new() { Iterations = 1_000 });
        var hash = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1_000 }))
            .HashPassword(this, Typed);

        Assert.Equal(PasswordVerificationResult.SuccessRehashNeeded, await passwords.VerifyAsync(hash, Typed, Cancellation));
        Assert.Equal(PasswordVerificationResult.Failed, await passwords.VerifyAsync(hash, Typed + "x", Cancellation));
    }

    [Theory]
    [InlineData("correct-horse", 13)]
    [InlineData("cafe\u0301", 4)]
    [InlineData("\U0001f40e\U0001f50b", 2)]
    public void LengthIsInCharactersHoweverTheyAreTyped(string typed, int length)
    {
        Assert.True(PasswordText.IsAtLeast(length, typed) && PasswordText.IsAtMost(length, typed));
        Assert.False(PasswordText.IsAtLeast(length + 1, typed) || PasswordText.IsAtMost(length - 1, typed));
    }

    [Fact]
    public void LongestPasswordMayBeTypedInTheLongestWay()
    {
        // U+1F82, which is four characters when it is typed in parts.
        Assert.True(PasswordText.IsAtMost(128, string.Concat(Enumerable.Repeat("\u03b1\u0313\u0300\u0345", 128))));
        Assert.False(PasswordText.IsAtMost(128, new string('\u0301', 64 * 1024)));
    }

    [Fact]
    public async Task FullQueueIsRefusedAndAnEmptiedOneNot()
    {
        using var passwords = With(new() { Iterations = 1_000_000, MaxConcurrentHashes = 1, MaxWaitingHashes = 1 });
        var working = passwords.HashAsync(Password, Cancellation);
        using var impatient = new CancellationTokenSource();
        var waiting = passwords.HashAsync(Password, impatient.Token);
        await Assert.ThrowsAsync<ServiceBusyException>(() => passwords.HashAsync(Password, Cancellation));

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = passwords.HashAsync(Password, Cancellation);
        await Task.WhenAll(working, next);
    }

    private static Passwords With(PasswordsOptions options) =>
        new(Options.Create(options), new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
}
