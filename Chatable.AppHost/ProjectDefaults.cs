#pragma warning disable ASPIRECERTIFICATES001 // WithoutHttpsCertificate may change.

namespace Chatable.AppHost;

internal static class ProjectDefaults
{
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>Applies the settings that all services of this topology share, where they differ from Aspire's defaults.</summary>
    public static IResourceBuilder<ProjectResource> WithProjectDefaults(this IResourceBuilder<ProjectResource> service) => service
        // No service uses TLS, so the dashboard must not ask for a developer certificate.
        .WithoutHttpsCertificate()
        .WithEnvironment(context =>
        {
            // Aspire's default is always_on: the calls of a health probe would then be traces of their own, although the probe itself is
            // excluded.
            if (context.EnvironmentVariables.ContainsKey(Sampler))
                context.EnvironmentVariables[Sampler] = "parentbased_always_on";
        });
}
