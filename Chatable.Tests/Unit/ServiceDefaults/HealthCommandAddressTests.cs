using Chatable.ServiceDefaults;

namespace Chatable.Tests.Unit.ServiceDefaults;

/// <summary>The address that <c>dotnet X.dll health</c> requests, from the variables that set where the server listens.</summary>
public sealed class HealthCommandAddressTests
{
    [Theory]
    [InlineData("", "http://localhost:5000/health")]
    [InlineData("ASPNETCORE_HTTP_PORTS=8080", "http://localhost:8080/health")]
    [InlineData("ASPNETCORE_HTTP_PORTS=8080 HTTP_PORTS=8081", "http://localhost:8081/health")]
    [InlineData("DOTNET_HTTP_PORTS=8082;8083", "http://localhost:8082/health")]
    [InlineData("ASPNETCORE_HTTP_PORTS=8080 ASPNETCORE_URLS=http://+:9000", "http://localhost:9000/health")]
    [InlineData("ASPNETCORE_URLS=https://+:8443;http://*:8080", "http://localhost:8080/health")]
    [InlineData("URLS=http://0.0.0.0:8080", "http://localhost:8080/health")]
    [InlineData("URLS=http://[::]:8080", "http://localhost:8080/health")]
    [InlineData("URLS=http://10.0.0.5:8080", "http://10.0.0.5:8080/health")]
    [InlineData("URLS=http://chat.example:8080", "http://localhost:8080/health")]
    public void ItIsWhereTheServerListensForHttp(string variables, string address) =>
        Assert.Equal(address, HealthCommand.Address(Of(variables)).ToString());

    [Theory]
    [InlineData("HTTP_PORTS=eighty")]
    [InlineData("URLS=https://+:8443")]
    [InlineData("URLS=nonsense")]
    public void WhatNamesNoSuchAddressIsTold(string variables) =>
        Assert.Throws<FormatException>(() => HealthCommand.Address(Of(variables)));

    private static Func<string, string?> Of(string variables)
    {
        var all = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(one => one.Split('=')[0], one => one.Split('=')[1]);
        return name => all.GetValueOrDefault(name);
    }
}
