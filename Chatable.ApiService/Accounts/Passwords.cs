using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Chatable.ApiService.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Accounts;

/// <summary>
/// Hashes and verifies passwords outside the request threads, with limited concurrency: a hundred logins at once must not slow down the
/// chat.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private static readonly object s_nobody = new();
    private static readonly byte[] s_salt = new byte[16];

    private readonly PasswordHasher<object> _hasher;
    private readonly int _iterations;
    private readonly SemaphoreSlim _turns;
    private readonly int _maxWaiting;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _verifications;
    private readonly Counter<long> _rounds;

    // An unknown user's password is checked against this hash, so that it takes as long as a known user's.
    private readonly string _decoy;
    private int _waiting;

    public Passwords(IOptions<PasswordsOptions> options, IMeterFactory meters)
    {
        _iterations = options.Value.Iterations;
        _hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = _iterations }));
        _turns = new SemaphoreSlim(options.Value.MaxConcurrentHashes);
        _maxWaiting = options.Value.MaxWaitingHashes;
        _decoy = _hasher.HashPassword(s_nobody, RandomNumberGenerator.GetHexString(32));
        var meter = meters.Create("Chatable.Accounts");
        _refused = meter.CreateCounter<long>(
            "chatable.accounts.passwords.refused", "{request}", "Requests refused because too many were waiting for a password hash.");
        _verifications = meter.CreateCounter<long>(
            "chatable.accounts.passwords.verifications", "{hash}", "Hashes computed to check a password, also for unknown users.");
        _rounds = meter.CreateCounter<long>(
            "chatable.accounts.passwords.rounds", "{round}", "Rounds of PBKDF2 computed to check passwords.");
    }

    /// <exception cref="ServiceBusyException">Too many calls are already waiting.</exception>
    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        InTurn(() => _hasher.HashPassword(s_nobody, PasswordText.Prepare(password)), cancellationToken);

    /// <param name="hash">The stored hash. Null for a user who does not exist.</param>
    /// <param name="password">The password as given.</param>
    /// <param name="cancellationToken">Leaves the queue.</param>
    /// <exception cref="ServiceBusyException">Too many calls are already waiting.</exception>
    public async Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken cancellationToken)
    {
        var result = await InTurn(() => Verify(hash ?? _decoy, password), cancellationToken);
        return hash is null ? PasswordVerificationResult.Failed : result;
    }

    public void Dispose() => _turns.Dispose();

    // Old hashes were made from the text as typed, before passwords were normalized. Such a hash is verified with that text, and then
    // renewed.
    private PasswordVerificationResult Verify(string hash, string password)
    {
        var prepared = PasswordText.Prepare(password);
        var result = VerifyText(hash, prepared);
        return result != PasswordVerificationResult.Failed || prepared == password ? result
            : VerifyText(hash, password) == PasswordVerificationResult.Failed ? PasswordVerificationResult.Failed
            : PasswordVerificationResult.SuccessRehashNeeded;
    }

    private PasswordVerificationResult VerifyText(string hash, string text)
    {
        _verifications.Add(1);
        var rounds = RoundsOf(hash);
        _rounds.Add(rounds);
        var result = _hasher.VerifyHashedPassword(s_nobody, hash, text);
        if (result == PasswordVerificationResult.Failed && rounds < _iterations)
            Spend(text, _iterations - rounds);
        return result;
    }

    // Spends the rounds that an older hash lacks. Otherwise the time for a wrong password would reveal an old user.
    private void Spend(string text, int rounds)
    {
        _rounds.Add(rounds);
        Span<byte> nowhere = stackalloc byte[32];
        Rfc2898DeriveBytes.Pbkdf2(text, s_salt, nowhere, rounds, HashAlgorithmName.SHA512);
    }

    // Base64 of u8 format 1, u32 hash function, u32 rounds, u32 salt length, salt, subkey; numbers in network byte order.
    private static int RoundsOf(string hash)
    {
        Span<byte> head = stackalloc byte[9];
        return Convert.TryFromBase64Chars(hash.AsSpan(0, Math.Min(12, hash.Length)), head, out var length) && length == 9 && head[0] == 1
            ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(head[5..]), int.MaxValue)
            : 0;
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
