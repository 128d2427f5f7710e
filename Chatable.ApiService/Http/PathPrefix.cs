using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>The path under which a proxy publishes this server: removed from request paths, and added to links.</summary>
internal static class PathPrefix
{
    public static void UsePathPrefix(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<HttpOptions>>().Value;
        if (options.KnownProxies.Length > 0)
        {
            app.UseForwardedHeaders(Believe(options));
            app.Use(next => context => Tidy(context, next));
        }

        if (options.PathBase.Length > 0)
            app.Use(next => context => TakeOff(options.PathBase, context, next));
    }

    /// <summary>Returns the URL of a path of this server, relative to the host, as the client must request it.</summary>
    public static string LinkTo(this HttpRequest request, string path) => request.PathBase.ToUriComponent() + path;

    private static ForwardedHeadersOptions Believe(HttpOptions options)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.KnownNetworks())
            forwarded.KnownIPNetworks.Add(network);
        return forwarded;
    }

    // With an extra slash, a link would name another path, or, at its beginning, another host.
    private static Task Tidy(HttpContext context, RequestDelegate next)
    {
        if (context.Request.PathBase.Value is { Length: > 0 } path)
            context.Request.PathBase = path.Trim('/') is { Length: > 0 } some ? $"/{some}" : default(PathString);
        return next(context);
    }

    // Some proxies remove the prefix themselves, and the platform's probes do not know it.
    private static Task TakeOff(PathString prefix, HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (request.Path.StartsWithSegments(prefix, out var rest))
            request.Path = rest;
        if (!request.PathBase.HasValue)
            request.PathBase = prefix;
        return next(context);
    }
}
