using StackExchange.Redis;

namespace Chatable.Messaging.Intake;

/// <summary>
/// What Redis answers to XREAD of several streams: null, or <c>[[key, [[id, [name, value, …]], …]], …]</c>, which in RESP3 is a map
/// and thus flat: <c>[key, [[id, …], …], key, …]</c>.
/// </summary>
internal static class StreamsAnswer
{
    public static IEnumerable<(string Key, IntakeItem[] Items)> Parse(RedisResult answer)
    {
        if (answer.IsNull)
            return [];

        var streams = (RedisResult[])answer!;
        return answer.Resp3Type is ResultType.Map
            ? streams.Chunk(2).Select(stream => Stream(stream[0], stream[1]))
            : streams.Select(stream => Stream(stream[0], stream[1]));
    }

    private static (string Key, IntakeItem[] Items) Stream(RedisResult key, RedisResult entries) =>
        (key.ToString(), Array.ConvertAll((RedisResult[])entries!, Item));

    // Whoever wrote an entry without the field m wrote nothing that can be decoded.
    private static IntakeItem Item(RedisResult entry)
    {
        var fields = (RedisResult[])entry[1]!;
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            if ((RedisValue)fields[i] == "m")
                return new IntakeItem((RedisValue)entry[0], (ReadOnlyMemory<byte>)(RedisValue)fields[i + 1]);
        }

        return new IntakeItem((RedisValue)entry[0], default);
    }
}
