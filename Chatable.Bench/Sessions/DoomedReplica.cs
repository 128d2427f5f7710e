using System.Net;
using Chatable.Bench.Load.Sockets;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Processes;
using Chatable.Bench.Report;
using Chatable.Bench.Subjects;
using Chatable.Messaging.Registry;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.Bench.Sessions;

/// <summary>One more replica, with a socket of each of many users, that is killed.</summary>
internal sealed class DoomedReplica : IAsyncDisposable
{
    private const int AtOnce = 128;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    private readonly ServerProcess _process;
    private readonly EventLoop _loop = new();
    private readonly Crowd _crowd;
    private readonly ConnectionMultiplexer _redis;
    private readonly ServerRegistry _registry;
    private readonly long[] _users;
    private readonly Guid _bootId;

    private DoomedReplica(ChatableSubject subject, ServerProcess process, Guid bootId, ConnectionMultiplexer redis, int sockets)
    {
        (_process, _bootId, _redis) = (process, bootId, redis);
        _crowd = new Crowd(_loop, subject.Protocol, AtOnce);
        _registry = new ServerRegistry(
            redis, new OptionsWrapper<RegistryOptions>(new RegistryOptions { LiveServersAge = TimeSpan.Zero }), TimeProvider.System);
        _users = [.. Enumerable.Range(0, sockets).Select(user => subject.User(user).Id)];
    }

    public static async Task<DoomedReplica> StartAsync(
        ChatableSubject subject, int sockets, int round, Progress progress, CancellationToken cancellationToken)
    {
        var redis = await ConnectionMultiplexer.ConnectAsync(subject.RedisConnection);
        var others = await BootIdsAsync(redis);
        var port = ServerProcess.FreePort();
        var process = await subject.StartReplicaAsync(subject.Replicas + round, port, cancellationToken);
        var bootId = (await BootIdsAsync(redis)).Except(others).Single();
        var replica = new DoomedReplica(subject, process, bootId, redis, sockets);
        try
        {
            var address = new IPEndPoint(IPAddress.Loopback, port);
            await replica.FillAsync(Enumerable.Range(0, sockets).Select(user => subject.Seat(user, address)), progress, cancellationToken);
            return replica;
        }
        catch
        {
            await replica.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when its lease has ended.</summary>
    public async Task DieAsync(CancellationToken cancellationToken)
    {
        await _process.KillAsync(cancellationToken);
        while ((await _registry.FindLiveAsync([_bootId], cancellationToken)).Count > 0)
            await Task.Delay(s_look, cancellationToken);
    }

    public async Task<int> CountRegistrationsAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            _users.Select(user => _redis.GetDatabase().SetContainsAsync($"u:{{{user}}}", _bootId.ToString("N"))))
            .WaitAsync(cancellationToken);
        return found.Count(isRegistered => isRegistered);
    }

    public async ValueTask DisposeAsync()
    {
        _loop.Dispose();
        _process.Dispose();
        await _redis.DisposeAsync();
    }

    private static async Task<Guid[]> BootIdsAsync(ConnectionMultiplexer redis) => Array.ConvertAll(
        await redis.GetDatabase().SortedSetRangeByRankAsync("servers"), bootId => Guid.ParseExact(bootId.ToString(), "N"));

    private async Task FillAsync(IEnumerable<Seat> seats, Progress progress, CancellationToken cancellationToken)
    {
        _loop.Post(() =>
        {
            foreach (var seat in seats)
                _crowd.Join(seat);
        });
        for (var present = 0; present < _users.Length;)
        {
            await progress.WatchAsync(TimeSpan.FromMilliseconds(50), () => $"{present} connected", cancellationToken);
            (present, var lost, var trouble) = await _loop.AskAsync(() => (_crowd.Present.Count, _crowd.Lost, _crowd.Trouble));
            if (lost > 0)
                throw new InvalidOperationException($"{lost} clients could not connect: {trouble}");
        }
    }
}
