using System.Globalization;
using StackExchange.Redis;

namespace Chatable.ApiService.Delivery;

/// <summary>A position in a server's queue: a Redis stream id, in Redis' order.</summary>
internal readonly record struct QueuePosition(ulong Milliseconds, ulong Number)
{
    /// <summary>Parses "milliseconds-number", such as "1441250002817-3".</summary>
    public static QueuePosition Parse(RedisValue id) => id.ToString().Split('-') is [var milliseconds, var number]
        ? new(ulong.Parse(milliseconds, CultureInfo.InvariantCulture), ulong.Parse(number, CultureInfo.InvariantCulture))
        : throw new FormatException($"'{id}' is no stream id.");

    public bool IsAfter(QueuePosition other) =>
        Milliseconds != other.Milliseconds ? Milliseconds > other.Milliseconds : Number > other.Number;
}
