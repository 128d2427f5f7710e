namespace Chatable.Messaging.Intake;

/// <summary>The services cannot use this Redis as it is, and an operator has to change something.</summary>
public sealed class UnusableRedisException : Exception
{
    private UnusableRedisException(string message)
        : base(message)
    {
    }

    /// <summary>This process is configured for another number of partitions than the intake was laid out with.</summary>
    public static UnusableRedisException OtherPartitions(string stored, int configured) => new(
        $"Intake:Partitions is {configured}, but the intake in Redis is laid out in {stored} partitions: "
        + $"configure {stored}, or stop every server and worker, let the intake drain and delete the key meta:partitions.");

    public static UnusableRedisException Cluster() => new(
        "This Redis is a cluster. Chatable needs one that is not, since the end of a batch is one command on keys of many slots. "
        + "On Azure, choose the clustering policy NoCluster.");
}
