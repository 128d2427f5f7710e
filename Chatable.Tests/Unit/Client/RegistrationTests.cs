using Chatable.Client;
using Chatable.Client.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;

namespace Chatable.Tests.Unit.Client;

public sealed class RegistrationTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Chat:Url", "http://one:1", "http://one:1/")]
    [InlineData("ConnectionStrings:chat", "http://one:1; https://two", "http://one:1/,https://two/")]
    public void AddressesComeFromTheSettings(string key, string value, string expected)
    {
        using var provider = Provider((key, value));
        var options = provider.GetRequiredService<IOptions<ChatableClientOptions>>().Value;
        Assert.Equal(expected, string.Join(',', options.Servers));
        Assert.NotNull(provider.GetRequiredService<ChatableClient>().Accounts);
    }

    [Fact]
    public async Task WithoutAnAddressServiceDiscoveryFindsTheServers()
    {
        await using var provider = Provider(
            ("Services:chat:http:0", "http://localhost:8081"), ("Services:chat:http:1", "http://localhost:8082"));
        var servers = DiscoveredServers.Of(provider.GetRequiredService<ServiceEndpointResolver>(), "chat");

        var first = await servers.GetAsync(_ct);
        servers.MoveOn();
        var second = await servers.GetAsync(_ct);

        Assert.Equal([8081, 8082], new[] { first.Port, second.Port }.Order());
        Assert.Equal("ws", Dialer.SocketAddress(first).Scheme);
    }

    [Fact]
    public async Task FaultsInTheSettingsAreToldAtTheStartAllAtOnce()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(
            [new("Chat:Url", "ftp://chat"), new("Chat:Connection:SendBurst", "0"), new("Chat:Connection:AckTimeout", "00:00:00")]);
        builder.Services.AddChatableClient();
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(_ct));
        Assert.Equal(3, exception.Failures.Count());
    }

    [Fact]
    public void AClientMadeByHandNeedsAnAddress() =>
        Assert.Throws<ArgumentException>(() => new ChatableClient(new ChatableClientOptions()));

    private static ServiceProvider Provider(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
        return new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddChatableClient().BuildServiceProvider();
    }
}
