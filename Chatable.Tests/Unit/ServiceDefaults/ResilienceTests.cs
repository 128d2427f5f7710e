using Chatable.Client;
using Chatable.ServiceDefaults;
using Chatable.Tests.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Unit.ServiceDefaults;

/// <summary>A request that changes something is sent once: it may have succeeded whatever the response.</summary>
public sealed class ResilienceTests : IAsyncLifetime
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly Gateway _failing = new(upstream: null)
    {
        Rule = _ => Task.FromResult<string?>(Gateway.Answer("503 Service Unavailable", "")),
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _failing.DisposeAsync();

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task TheServicesRepeatNoRequestThatChangesSomething(string method)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.AddServiceDefaults();
        using var host = builder.Build();
        using var http = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

        using var request = new HttpRequestMessage(new HttpMethod(method), _failing.Address);
        using var answer = await http.SendAsync(request, _ct);

        Assert.Single(_failing.Requests);
    }

    // With the handler from Aspire's template, added before or after.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheClientLibraryRepeatsWhatItWantsAndNoHandlerDoes(bool isHandlerFirst)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([new("Chat:Url", $"{_failing.Address}")]);
        if (isHandlerFirst)
            builder.Services.ConfigureHttpClientDefaults(http => http.AddStandardResilienceHandler());
        builder.Services.AddChatableClient();
        if (!isHandlerFirst)
            builder.Services.ConfigureHttpClientDefaults(http => http.AddStandardResilienceHandler());
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<ChatableClient>();

        var refused = await Assert.ThrowsAsync<ChatApiException>(
            () => client.Accounts.RefreshAsync(new ChatToken("a", "s", "r", DateTimeOffset.UtcNow), _ct));

        Assert.Equal(503, refused.Status);
        Assert.Single(_failing.Requests);
    }

    private sealed class OwnTimeout : DelegatingHandler
    {
        public sealed class TimeIsOverException : Exception;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new TimeIsOverException();
    }

    [Fact]
    public async Task WhatAHandlerOfTheApplicationsThrowsMeansThatNobodyAnswered()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([new("Chat:Url", $"{_failing.Address}")]);
        builder.Services.AddTransient<OwnTimeout>();
        builder.Services.ConfigureHttpClientDefaults(http => http.AddHttpMessageHandler<OwnTimeout>());
        builder.Services.AddChatableClient();
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<ChatableClient>();

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => client.Accounts.LoginAsync("alice", "correct-horse", _ct));

        Assert.IsType<OwnTimeout.TimeIsOverException>(thrown.InnerException);
    }
}
