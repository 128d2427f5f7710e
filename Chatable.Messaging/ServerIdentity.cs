namespace Chatable.Messaging;

/// <summary>
/// Who this process is. The instance names the replica to people; the boot id is new at every start, so that nothing addressed
/// to an earlier life of the same replica reaches this one.
/// </summary>
public sealed record ServerIdentity(string Instance, Guid BootId)
{
    /// <summary>The instance and the first eight digits of the boot id: what <c>X-Chatable-Server</c> says.</summary>
    public string Name { get; } = $"{Instance}/{BootId.ToString("N")[..8]}";

    /// <summary>
    /// Takes <c>service.instance.id</c> from the text of <c>OTEL_RESOURCE_ATTRIBUTES</c> (<c>key=value,key=value</c>),
    /// else the host's name.
    /// </summary>
    public static ServerIdentity Create(string? resourceAttributes) =>
        new(InstanceFrom(resourceAttributes) ?? Environment.MachineName, Guid.NewGuid());

    private static string? InstanceFrom(string? resourceAttributes)
    {
        foreach (var pair in (resourceAttributes ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2) is ["service.instance.id", { Length: > 0 } value] && value.All(c => c is > ' ' and < (char)127))
                return value;
        }

        return null;
    }
}
