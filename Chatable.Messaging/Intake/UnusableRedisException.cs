namespace Chatable.Messaging.Intake;

/// <summary>The services cannot use this Redis as configured. An operator must change the configuration.</summary>
public sealed class UnusableRedisException : Exception
{
    private UnusableRedisException(string message)
        : base(message)
    {
    }

    /// <summary>This process is configured with a number of partitions other than the one the intake uses.</summary>
    public static UnusableRedisException OtherPartitions(string stored, int configured) => new(
        $"Intake:Partitions is {configured}, but the intake in Redis is laid out in {stored} partitions: "
        + $"configure {stored}, or stop every server and worker, let the intake drain and delete the key meta:partitions.");

    public static UnusableRedisException Cluster() => new(
        "This Redis is a cluster. Chatable needs one that is not, since the end of a batch is one command on keys of many slots. "
        + "On Azure, choose the clustering policy NoCluster.");
}
