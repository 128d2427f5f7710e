using System.Globalization;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>A place in a server's queue: a Redis stream id, ordered as Redis orders them.</summary>
internal readonly record struct QueuePosition(ulong Milliseconds, ulong Number)
{
    /// <summary>Takes "milliseconds-number", e.g. "1441250002817-3".</summary>
    public static QueuePosition Parse(RedisValue id) => id.ToString().Split('-') is [var milliseconds, var number]
        ? new(ulong.Parse(milliseconds, CultureInfo.InvariantCulture), ulong.Parse(number, CultureInfo.InvariantCulture))
        : throw new FormatException($"'{id}' is no stream id.");

    public bool IsAfter(QueuePosition other) =>
        Milliseconds != other.Milliseconds ? Milliseconds > other.Milliseconds : Number > other.Number;
}
