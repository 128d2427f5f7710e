using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using Chatable.ApiService.Accounts;
using Chatable.ApiService.Http;
using Chatable.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Tests.Unit;

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

    // Work, not time: what an unknown user costs is told by the hashes that are computed, and each has the configured number of rounds.
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
