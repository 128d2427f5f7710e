using System.Collections.Concurrent;
using System.Globalization;
using Chatable.Messaging.Wire;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chatable.FanoutWorker.Epochs;

/// <summary>A committed seq in a user's log, and the number of its epoch.</summary>
internal readonly record struct KnownHead(int Epoch, long User, long Seq)
{
    /// <summary>Parses text such as "214000000 42 7".</summary>
    public static KnownHead? Parse(string text) =>
        text.Split(' ') is [var epoch, var user, var seq]
        && int.TryParse(epoch, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(user, CultureInfo.InvariantCulture, out var id) && long.TryParse(seq, CultureInfo.InvariantCulture, out var place)
            ? new KnownHead(number, id, place) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch} {User} {Seq}");
}

/// <summary>
/// Keeps committed seqs of a few users in Redis, in the hash <c>heads</c>. A commit only records them in memory; the newest are written to
/// Redis from time to time.
/// </summary>
internal sealed class KnownHeads(IConnectionMultiplexer redis, IOptions<FanoutOptions> options)
{
    private const int Fields = 16;

    private readonly RedisKey _key = KeyOf(options.Value.KeyPrefix);
    private readonly ConcurrentDictionary<long, KnownHead> _unwritten = new();

    public static RedisKey KeyOf(string prefix) => $"{prefix}heads";

    /// <summary>Records one seq of a committed batch.</summary>
    public void Committed(IReadOnlyList<IDispatch> outcomes)
    {
        for (var i = outcomes.Count - 1; i >= 0; i--)
        {
            if (outcomes[i] is not EntryStored stored)
                continue;
            var (user, seq) = stored.Recipients[0];
            _unwritten[user % Fields] = new KnownHead(stored.Epoch, user, seq);
            return;
        }
    }

    public async Task<IReadOnlyList<KnownHead>> ReadAsync() =>
        [.. (await redis.GetDatabase().HashValuesAsync(_key)).Select(value => KnownHead.Parse(value.ToString())).OfType<KnownHead>()];

    /// <summary>Writes the seqs recorded since the last call.</summary>
    public async Task WriteAsync()
    {
        HashEntry[] entries = [.. _unwritten.Select(one => new HashEntry(one.Key, one.Value.ToString()))];
        if (entries.Length == 0)
            return;
        await redis.GetDatabase().HashSetAsync(_key, entries);
        foreach (var entry in entries)
        {
            var written = KnownHead.Parse(entry.Value.ToString())!.Value;
            _unwritten.TryRemove(new KeyValuePair<long, KnownHead>((long)entry.Name, written));
        }
    }
}
