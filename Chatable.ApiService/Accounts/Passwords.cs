using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Chatable.ApiService.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>
/// Hashes and checks passwords away from the threads that serve requests, a few at a time: a hundred logins at once must not
/// take the processor from those who are chatting.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private static readonly object s_nobody = new();

    private readonly PasswordHasher<object> _hasher;
    private readonly SemaphoreSlim _turns;
    private readonly int _maxWaiting;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _verifications;

    // What an unknown user's password is checked against, so that it takes as long as a known one's.
    private readonly string _decoy;
    private int _waiting;

    public Passwords(IOptions<PasswordsOptions> options, IMeterFactory meters)
    {
        _hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = options.Value.Iterations }));
        _turns = new SemaphoreSlim(options.Value.MaxConcurrentHashes);
        _maxWaiting = options.Value.MaxWaitingHashes;
        _decoy = _hasher.HashPassword(s_nobody, RandomNumberGenerator.GetHexString(32));
        var meter = meters.Create("Chatable.Accounts");
        _refused = meter.CreateCounter<long>(
            "chatable.accounts.passwords.refused", "{request}", "Requests refused because too many wait for a password hash.");
        _verifications = meter.CreateCounter<long>(
            "chatable.accounts.passwords.verifications", "{hash}", "Hashes computed to check a password, unknown users' among them.");
    }

    /// <exception cref="ServiceBusyException">Too many wait already.</exception>
    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        InTurn(() => _hasher.HashPassword(s_nobody, password), cancellationToken);

    /// <param name="hash">The stored hash; null for a user that does not exist.</param>
    /// <param name="password">What was given.</param>
    /// <param name="cancellationToken">Gives up the place in the queue.</param>
    /// <exception cref="ServiceBusyException">Too many wait already.</exception>
    public async Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken cancellationToken)
    {
        var result = await InTurn(() => Verify(hash ?? _decoy, password), cancellationToken);
        return hash is null ? PasswordVerificationResult.Failed : result;
    }

    public void Dispose() => _turns.Dispose();

    private PasswordVerificationResult Verify(string hash, string password)
    {
        _verifications.Add(1);
        return _hasher.VerifyHashedPassword(s_nobody, hash, password);
    }

    private async Task<T> InTurn<T>(Func<T> compute, CancellationToken cancellationToken)
    {
        if (!_turns.Wait(0, CancellationToken.None))
            await QueueAsync(cancellationToken);
        try
        {
            return await Task.Run(compute, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task QueueAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > _maxWaiting)
            {
                _refused.Add(1);
                throw new ServiceBusyException("The queue for password hashes");
            }

            await _turns.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
