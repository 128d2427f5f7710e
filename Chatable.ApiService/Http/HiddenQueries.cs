using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Chatable.ApiService.Http;

/// <summary>
/// Hides request queries, which may contain a token, from everything outside the application that reports on requests. The host creates its
/// request logs, spans and diagnostics before the first middleware runs. The application itself sees the queries.
/// </summary>
internal static class HiddenQueries
{
    // Kestrel quotes request lines that it cannot parse.
    private const string QuotingCategory = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    public static void AddHiddenQueries(this IHostApplicationBuilder builder)
    {
        var server = builder.Services.Last(service => service.ServiceType == typeof(IServer));
        builder.Services.Remove(server);
        builder.Services.AddSingleton<IServer>(services => new HidingServer(
            (IServer)(server.ImplementationFactory?.Invoke(services)
                ?? ActivatorUtilities.CreateInstance(services, server.ImplementationType!))));
        builder.Services.PostConfigure<LoggerFilterOptions>(options =>
        {
            foreach (var rule in options.Rules.Where(rule => rule.CategoryName == QuotingCategory).ToArray())
                options.Rules.Remove(rule);
            foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToArray())
                options.Rules.Add(new LoggerFilterRule(provider, QuotingCategory, LogLevel.None, filter: null));
        });
    }

    /// <summary>Must be called before all other middleware.</summary>
    public static void UseHiddenQueries(this WebApplication app) => app.Use(next => context =>
        context.Features.Get<HiddenQuery>() is { } query ? ShowAsync(query, context, next) : next(context));

    private static async Task ShowAsync(HiddenQuery query, HttpContext context, RequestDelegate next)
    {
        context.Request.QueryString = query.Text;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.QueryString = QueryString.Empty;
        }
    }

    private sealed record HiddenQuery(QueryString Text);

    private sealed class HidingServer(IServer server) : IServer
    {
        public IFeatureCollection Features => server.Features;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull =>
            server.StartAsync(new HidingApplication<TContext>(application), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

        public void Dispose() => server.Dispose();
    }

    private sealed class HidingApplication<TContext>(IHttpApplication<TContext> application) : IHttpApplication<TContext>
        where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures)
        {
            if (contextFeatures.Get<IHttpRequestFeature>() is { QueryString.Length: > 0 } request)
            {
                contextFeatures.Set(new HiddenQuery(new QueryString(request.QueryString)));
                request.QueryString = "";
                request.RawTarget = request.Path;
            }

            return application.CreateContext(contextFeatures);
        }

        public Task ProcessRequestAsync(TContext context) => application.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);
    }
}
