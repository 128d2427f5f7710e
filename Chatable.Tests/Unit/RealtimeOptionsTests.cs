using Chatable.ApiService.Delivery;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Realtime.Sockets;

namespace Chatable.Tests.Unit;

public class RealtimeOptionsTests
{
    [Fact]
    public void TheDefaultsAreValid()
    {
        Assert.Empty(new RealtimeOptions().Faults());
        Assert.Empty(new DeliveryOptions().Faults());
    }

    [Fact]
    public void AllFaultsAreToldAtOnce()
    {
        var options = new RealtimeOptions
        {
            SocketsPerUser = 0,
            AllowedOrigins = ["https://chat.example", "https://chat.example:8443", "https://chat.example/", "chat.example", "*"],
            Times = new SocketTimes { Close = TimeSpan.Zero },
        };

        Assert.Equal(5, options.Faults().Count());
        Assert.Equal(2, new DeliveryOptions { HoldLimit = 0, Poll = TimeSpan.FromDays(30) }.Faults().Count());
    }

    [Fact]
    public void TheCatalogueOfCloseCodesIsComplete()
    {
        var declared = typeof(CloseCode).GetProperties().Where(property => property.PropertyType == typeof(CloseCode));

        Assert.Equal(declared.Select(property => (CloseCode)property.GetValue(null)!), CloseCode.All);
        Assert.All(CloseCode.All, code => Assert.True(code.Number is >= 1000 and <= 1013 or >= 4000 and <= 4999));
        Assert.All(CloseCode.All, code => Assert.InRange(code.Reason.Length, 1, 123));
    }
}
