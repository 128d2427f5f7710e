using Chatable.Client;
using Chatable.Client.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers <see cref="ChatableClient"/>.</summary>
public static class ChatableClientRegistration
{
    /// <summary>
    /// Registers a <see cref="ChatableClient"/>. Its server addresses come from the first of these that is set: section <c>Chat</c>
    /// (<c>Url</c>, <c>Urls</c>), the connection string <paramref name="name"/> (one address, or several separated by semicolons), or
    /// service discovery for <c>https+http://name</c>. All errors in the options are reported together at startup.
    /// </summary>
    public static IServiceCollection AddChatableClient(
        this IServiceCollection services, string name = "chat", Action<ChatableClientOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.AddServiceDiscovery();
        services.AddHttpClient(HttpClientName).ConfigureAdditionalHttpMessageHandlers(static (handlers, _) => RemoveRetries(handlers));
        services.AddSingleton<IValidateOptions<ChatableClientOptions>, Validation>();
        services.AddOptions<ChatableClientOptions>()
            .BindConfiguration(Validation.Section)
            .Configure<IConfiguration>((options, configuration) => AddConnectionString(options, configuration.GetConnectionString(name)))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ChatableClientOptions>>().Value;
            var servers = options.Servers.Count > 0
                ? ServerAddresses.Of(options.Servers)
                : DiscoveredServers.Of(provider.GetRequiredService<ServiceDiscovery.ServiceEndpointResolver>(), name);
            return new ChatableClient(
                servers, options.Connection, provider.GetRequiredService<IHttpClientFactory>().CreateClient(HttpClientName),
                provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>());
        });
        return services;
    }

    private const string HttpClientName = "Chatable.Client";

    // The client decides itself what to retry and when. Handlers that a host adds to all HTTP clients, such as Aspire's standard resilience
    // handler, would repeat a registration or a token exchange. They are matched by name, because the client references neither package.
    private static readonly string[] s_retries =
        ["Microsoft.Extensions.Http.Resilience.ResilienceHandler", "Microsoft.Extensions.Http.PolicyHttpMessageHandler"];

    private static void RemoveRetries(IList<DelegatingHandler> handlers)
    {
        for (var i = handlers.Count - 1; i >= 0; i--)
        {
            if (s_retries.Contains(handlers[i].GetType().FullName))
                handlers.RemoveAt(i);
        }
    }

    private static void AddConnectionString(ChatableClientOptions options, string? addresses)
    {
        if (options.Servers.Count > 0 || addresses is null)
            return;
        foreach (var address in addresses.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            options.Urls.Add(new Uri(address, UriKind.RelativeOrAbsolute));
    }

    private sealed class Validation : IValidateOptions<ChatableClientOptions>
    {
        public const string Section = "Chat";

        public ValidateOptionsResult Validate(string? name, ChatableClientOptions options) =>
            options.Faults(Section).ToArray() is { Length: > 0 } faults
                ? ValidateOptionsResult.Fail(faults)
                : ValidateOptionsResult.Success;
    }
}
