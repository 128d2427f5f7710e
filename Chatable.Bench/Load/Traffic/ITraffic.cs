namespace Chatable.Bench.Load.Traffic;

/// <summary>What clients tell whoever makes them talk. On the thread of their loop.</summary>
internal interface ITraffic
{
    void Ready(Client client);

    void Delivered(Client client, int lane, long index);

    void Acknowledged(Client client, long index);

    /// <summary>The server did not take something, or said what nobody understands.</summary>
    void Refused(Client client, ReadOnlySpan<byte> answer);

    void Closed(Client client, string reason);
}
