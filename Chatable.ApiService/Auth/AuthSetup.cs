using Chatable.Messaging;
using Chatable.Messaging.Tokens;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Auth;

internal static class AuthSetup
{
    public static void AddAuth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddKeyPrefixedOptions<AuthOptions, AuthOptionsValidator>(AuthOptions.Section);
        builder.Services.AddValidatedOptions<TokenSecretsOptions, TokenSecretsOptionsValidator>(TokenSecretsOptions.Section)
            .ValidateAll(options => options.Faults());
        builder.Services.AddSingleton(services =>
            new TokenSecretProtector(services.GetRequiredService<IOptions<TokenSecretsOptions>>().Value));
        builder.Services.AddSingleton<TokenStore>();
        builder.Services.AddSingleton<AccessKeys>();
        builder.Services.AddSingleton<RevocationMetrics>();
        builder.Services.AddSingleton<TokenRevocations>();
        builder.Services.AddHostedService(services => services.GetRequiredService<TokenRevocations>());

        builder.Services.AddSingleton<ClientTokenHandler>();
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<ClientTokenHandler>(Accept);
    }

    public static void UseAuth(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
    }

    private static void Accept(JwtBearerOptions options, ClientTokenHandler handler)
    {
        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(handler);
        options.Events = BearerEvents.Create();
        options.MapInboundClaims = false;
        options.SaveToken = false;
    }
}
