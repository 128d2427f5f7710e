using Chatable.Messaging;
using Chatable.Messaging.Intake;
using Chatable.Messaging.Registry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>
/// Keeps this server alive in the registry. It registers every user again and raises <see cref="Missed"/> if registrations may have been
/// lost: the registry has forgotten this server, or Redis was unreachable, refused a heartbeat, or is another instance.
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

    /// <summary>Raised when pushes may have been lost: every connection must be compared with its log.</summary>
    public event Action? Missed;

    /// <summary>
    /// Whether the registry counts this server as alive, as far as this server knows. While it does not, workers cannot find users who
    /// connect here.
    /// </summary>
    public bool IsAlive => Volatile.Read(ref _aliveSince) is not long.MinValue and var at
        && clock.GetElapsedTime(at) < registryOptions.Value.ServerLifetime;

    /// <summary>Sends the first heartbeat before the web server accepts requests. Without Redis the server starts anyway.</summary>
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
                // At startup this exception fails the start. If Redis only became available later, the process must still exit with an
                // error.
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

    /// <summary>Runs one cycle.</summary>
    /// <exception cref="UnusableRedisException">This server must not use this Redis.</exception>
    public async Task BeatAsync(CancellationToken cancellationToken)
    {
        if (!_partitionsAgreed)
            await intake.EnsurePartitionsAsync(cancellationToken);
        _partitionsAgreed = true;

        // Taken before the call, because the lease begins when Redis receives the heartbeat at the earliest.
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
            // Redis may have refused the workers' commands for the same reason, such as writes without memory.
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
            // The lease expires by itself.
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
            // After a failure, some users may be registered anyway, and may have left in the meantime.
            users.Registered(all);
        }

        _registeredAt = clock.GetTimestamp();
        LogRegistered(all.Count);
    }

    // Redis does not say what it lost while it was unreachable.
    private void Suspect(object? sender, EventArgs e)
    {
        Volatile.Write(ref _suspect, true);
        try
        {
            _now.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Already requested, or disposed.
        }
    }

    [LoggerMessage(LogLevel.Warning, "The registry cannot be reached. Until it can, pushes are late and new connections are refused.")]
    private partial void LogSilent(Exception exception);

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private partial void LogUnusable(string reason);

    [LoggerMessage(LogLevel.Information, "Registered all {Users} connected users.")]
    private partial void LogRegistered(int users);
}
