namespace Chatable.LocalHosting;

/// <summary>Values from outside the topology.</summary>
public static class ParameterBuilderExtensions
{
    /// <summary>Adds a parameter that must be configured as <c>Parameters:{name}</c>.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, secret, ParameterResource.FromConfiguration(builder.Configuration, name)));

    /// <summary>
    /// Adds a parameter with a default; <paramref name="persist"/> keeps a generated value for later runs, in the user secrets.
    /// </summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        builder.AddResource(builder.CreateParameter(name, value, secret, persist));

    internal static ParameterResource CreateParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret, bool persist)
    {
        var secrets = persist ? builder.UserSecrets : null;
        return new ParameterResource(name, secret, () =>
        {
            var key = $"Parameters:{name}";
            if (builder.Configuration[key] is { } configured)
                return configured;
            var generated = value.GetDefaultValue();
            secrets?.Set(key, generated);
            return generated;
        });
    }
}
