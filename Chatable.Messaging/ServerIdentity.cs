namespace Chatable.Messaging;

/// <summary>
/// Identifies this process. The instance names the replica to people. The boot id is new at every start, so that data addressed to an
/// earlier run of the replica never reaches this one.
/// </summary>
public sealed record ServerIdentity(string Instance, Guid BootId)
{
    /// <summary>The instance and the first eight digits of the boot id, as sent in <c>X-Chatable-Server</c>.</summary>
    public string Name { get; } = $"{Instance}/{BootId.ToString("N")[..8]}";

    /// <summary>
    /// Takes <c>service.instance.id</c> from the text of <c>OTEL_RESOURCE_ATTRIBUTES</c> (<c>key=value,key=value</c>), or else the host
    /// name.
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
