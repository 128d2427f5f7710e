#pragma warning disable ASPIRECERTIFICATES001 // WithoutHttpsCertificate may change.

namespace Chatable.AppHost;

internal static class ProjectDefaults
{
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>What is the same for all services of this topology, and other than Aspire assumes of a project.</summary>
    public static IResourceBuilder<ProjectResource> WithProjectDefaults(this IResourceBuilder<ProjectResource> service) => service
        // None serves TLS: the dashboard shall not ask for a developer certificate.
        .WithoutHttpsCertificate()
        .WithEnvironment(context =>
        {
            // Aspire's is always_on: what a health probe calls would be a trace of its own, although the probe itself is left out.
            if (context.EnvironmentVariables.ContainsKey(Sampler))
                context.EnvironmentVariables[Sampler] = "parentbased_always_on";
        });
}
