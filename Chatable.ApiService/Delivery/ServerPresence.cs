using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Keeps this server alive in the registry. Where the registry has forgotten it, or Redis was away, took no heartbeat or is another
/// one, and so may have lost what it was told, every user is registered again and <see cref="Missed"/> is raised.
/// </summary>
internal sealed partial class ServerPresence(
    IConnectionMultiplexer redis, ServerRegistry registry, IntakeLog intake, ServerIdentity server, UserRegistrations users,
    DispatchReader reader, IOptions<RegistryOptions> registryOptions, IOptions<DeliveryOptions> options,
    TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<ServerPresence> logger) : BackgroundService
{
    private readonly SemaphoreSlim _now = new(0, 1);
    private long _aliveSince = long.MinValue;
    private long _registeredAt = long.MinValue;
    private bool _suspect = true;
    private bool _partitionsAgreed;
    private bool _failing;

    /// <summary>Raised when pushes may have been lost: every connection is to be compared with its log.</summary>
    public event Action? Missed;

    /// <summary>
    /// Whether the registry counts this server as alive, as far as it can know. A user who connects while it does not would not be
    /// found by the workers.
    /// </summary>
    public bool IsAlive => Volatile.Read(ref _aliveSince) is not long.MinValue and var at
        && clock.GetElapsedTime(at) < registryOptions.Value.ServerLifetime;

    /// <summary>The first heartbeat comes before the web server takes requests; without Redis it starts all the same.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        redis.ConnectionRestored += Suspect;
        redis.ConfigurationChanged += Suspect;
        await TryBeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _now.WaitAsync(registryOptions.Value.HeartbeatInterval, stoppingToken);
            try
            {
                await TryBeatAsync(stoppingToken);
            }
            catch (UnusableRedisException unusable)
            {
                // Found at the start it fails the start; where Redis came only later, the process must not seem to have ended well either.
                LogUnusable(unusable.Message);
                Environment.ExitCode = 1;
                lifetime.StopApplication();
                return;
            }
        }
    }

    private async Task TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeatAsync(cancellationToken);
            _failing = false;
        }
        catch (Exception exception) when (exception is not UnusableRedisException
            && (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested))
        {
            if (!_failing)
                LogSilent(exception);
            _failing = true;
        }
    }

    /// <summary>One cycle.</summary>
    /// <exception cref="UnusableRedisException">This server must not run with this Redis.</exception>
    public async Task BeatAsync(CancellationToken cancellationToken)
    {
        if (!_partitionsAgreed)
            await intake.EnsurePartitionsAsync(cancellationToken);
        _partitionsAgreed = true;

        // Taken before asking, for the lease runs from when Redis hears it at the earliest.
        var asked = clock.GetTimestamp();
        var suspect = Interlocked.Exchange(ref _suspect, false);
        try
        {
            var known = await registry.HeartbeatAsync(server.BootId, cancellationToken);
            Volatile.Write(ref _aliveSince, asked);
            suspect |= !known;
            if (suspect || clock.GetElapsedTime(_registeredAt) > options.Value.RegistrationRefresh)
                await RegisterAllAsync(cancellationToken);
        }
        catch
        {
            // What Redis refuses us it has refused the workers, too, such as to write where it has no memory.
            Volatile.Write(ref _suspect, true);
            throw;
        }

        if (suspect)
        {
            reader.Rewind();
            Missed?.Invoke();
        }

        await users.SettleAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        redis.ConnectionRestored -= Suspect;
        redis.ConfigurationChanged -= Suspect;
        await base.StopAsync(cancellationToken);
        try
        {
            await registry.LeaveAsync(server.BootId, cancellationToken);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException
            or OperationCanceledException)
        {
            // The lease ends by itself.
            LogSilent(exception);
        }
    }

    public override void Dispose()
    {
        _now.Dispose();
        base.Dispose();
    }

    private async Task RegisterAllAsync(CancellationToken cancellationToken)
    {
        var all = users.Users;
        try
        {
            await registry.AddUsersAsync(server.BootId, all, cancellationToken);
        }
        finally
        {
            // Where it fails some may be registered all the same, and have left meanwhile.
            users.Registered(all);
        }

        _registeredAt = clock.GetTimestamp();
        LogRegistered(all.Count);
    }

    // What Redis lost while it was away, it does not say.
    private void Suspect(object? sender, EventArgs e)
    {
        Volatile.Write(ref _suspect, true);
        try
        {
            _now.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // On its way already, or done.
        }
    }

    [LoggerMessage(LogLevel.Warning, "The registry cannot be reached; pushes come late, and new connections are refused, until it can.")]
    private partial void LogSilent(Exception exception);

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private partial void LogUnusable(string reason);

    [LoggerMessage(LogLevel.Information, "Registered all {Users} connected users.")]
    private partial void LogRegistered(int users);
}
