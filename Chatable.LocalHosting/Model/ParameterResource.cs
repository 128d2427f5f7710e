using Microsoft.Extensions.Configuration;

namespace Chatable.LocalHosting;

/// <summary>A value from configuration (<c>Parameters:{name}</c>), or a generated one.</summary>
public sealed class ParameterResource : Resource
{
    private readonly Lazy<string> _value;

    internal ParameterResource(string name, bool secret, Func<string> value)
        : base(name)
    {
        Secret = secret;
        _value = new(value);
    }

    public bool Secret { get; }

    /// <exception cref="DistributedApplicationException">No value is configured and none can be generated.</exception>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => new(_value.Value);

    internal static Func<string> FromConfiguration(IConfiguration configuration, string name) => () =>
        configuration[$"Parameters:{name}"] ?? throw new DistributedApplicationException(
            $"The parameter '{name}' has no value: set Parameters:{name} in the configuration of the AppHost.");
}
