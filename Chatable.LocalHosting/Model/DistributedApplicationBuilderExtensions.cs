namespace Chatable.LocalHosting;

public static class DistributedApplicationBuilderExtensions
{
    /// <summary>A builder for a resource that was added earlier, found by its name in any letter case.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name, or it is of another type.</exception>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name)
        where T : IResource
    {
        var resource = builder.Resources.FirstOrDefault(resource => resource.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidOperationException($"Resource '{name}' was not found.");
        return resource is T typed
            ? builder.CreateResourceBuilder(typed)
            : throw new InvalidOperationException($"Resource '{name}' of type '{resource.GetType()}' is not a {typeof(T)}.");
    }
}
