using System.Text.Json;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Client;
using Chatable.Client.Accounts;
using Chatable.Client.Session;

namespace Chatable.Tests.Unit.Client;

public sealed class PolicyTests
{
    [Fact]
    public void WaitsAreSpreadEvenlyUpToALimitThatDoublesToThirtySeconds()
    {
        double[] limits = [0.5, 1, 2, 4, 8, 16, 30, 30];
        var random = new Random(1);
        var sums = new double[limits.Length];
        const int Clients = 4_000;
        for (var client = 0; client < Clients; client++)
        {
            var delays = new ReconnectDelays(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30), random.NextDouble);
            for (var failure = 0; failure < limits.Length; failure++)
            {
                var delay = delays.Next().TotalSeconds;
                Assert.InRange(delay, 0, limits[failure]);
                sums[failure] += delay;
            }
        }

        // Full jitter: the mean is half the limit.
        Assert.All(sums.Zip(limits), pair => Assert.InRange(pair.First / Clients / pair.Second, 0.47, 0.53));
    }

    [Fact]
    public void AfterASuccessWaitsBeginAnew()
    {
        var delays = new ReconnectDelays(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30), () => 1);
        for (var failure = 0; failure < 100; failure++)
            delays.Next();
        Assert.Equal(TimeSpan.FromSeconds(30), delays.Next());
        delays.Reset();
        Assert.Equal(TimeSpan.FromSeconds(0.5), delays.Next());
    }

    [Fact]
    public void EveryCloseCodeOfTheServerIsMetAsItsCatalogueSays()
    {
        foreach (var code in CloseCode.All.Where(code => code != CloseCode.Normal && code.Number != 4409))
        {
            var expected = code.ClientShould.Split([' ', ':', ','])[0] switch
            {
                "stop" => CloseAdvice.Stop,
                "back" or "reconnect" => CloseAdvice.BackOff,
                "get" => CloseAdvice.Authenticate,
                "wait" => CloseAdvice.Wait,
                var other => throw new InvalidOperationException(other),
            };
            if (code.Number is 1001 or 1012)
                expected = CloseAdvice.Spread;
            Assert.Equal(expected, CloseAdvices.For(code.Number).Advice);
        }

        Assert.Equal(CloseAdvice.BackOff, CloseAdvices.For(null).Advice);
    }

    [Fact]
    public void ADeviceThatWasPushedOutComesBackAndOneThatWasReplacedByItselfDoesNot()
    {
        Assert.Equal((CloseAdvice.Later, ChatStopReason.None), CloseAdvices.For(4409));
        Assert.Equal((CloseAdvice.Later, ChatStopReason.None), CloseAdvices.For(4409, "too many connections"));
        Assert.Equal((CloseAdvice.Stop, ChatStopReason.Replaced), CloseAdvices.For(4409, "replaced by the same device"));
    }

    [Fact]
    public void SecretsAreInNoText()
    {
        var token = new ChatToken("AKID", "SECRET", "REFRESH", DateTimeOffset.UnixEpoch);
        var registration = new ChatRegistration("alice", "correct-horse", "a@example.com", "1", "A", "B");
        Assert.All(new[] { $"{token}", $"{registration}" }, text =>
        {
            Assert.DoesNotContain("SECRET", text, StringComparison.Ordinal);
            Assert.DoesNotContain("REFRESH", text, StringComparison.Ordinal);
            Assert.DoesNotContain("correct-horse", text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void TheJwtIsTheOneThatServersVerify()
    {
        var token = new ChatToken("AKID", "SECRET", "REFRESH", DateTimeOffset.UnixEpoch);
        var jwt = ClientJwt.Sign(token, DateTimeOffset.FromUnixTimeSeconds(1_441_249_992));

        Assert.True(ApiService.Auth.ClientToken.TryRead(jwt, out var read));
        Assert.Equal("AKID", read.AccessKeyId);
        Assert.Equal(1_441_250_292, read.Expires);
        var parts = jwt.Split('.');
        Assert.Equal(Support.Jwt.Sign(Decode(parts[0]), Decode(parts[1]), "SECRET"), jwt);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(Decode(parts[1])).RootElement.ValueKind);
    }

    private static string Decode(string part) => System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(part));
}
