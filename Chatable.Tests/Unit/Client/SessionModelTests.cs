using CsCheck;

namespace Chatable.Tests.Unit.Client;

/// <summary>
/// A device and a server as two state machines, with a link between them that loses whatever is on it, a server that refuses and an
/// intake that loses, and a device whose process dies anywhere. When the faults end, everything is through, once and in order.
/// </summary>
public sealed class SessionModelTests
{
    [Fact]
    public async Task WhateverIsLostEverythingGetsThroughOnceAndInOrder()
    {
        var resumes = 0;
        await Gen.Int[0, int.MaxValue - 1].SampleAsync(async seed =>
        {
            var device = await RunAsync(new Random(seed));
            Interlocked.Add(ref resumes, device.Resumes);
        }, iter: 2000, threads: 1);

        // A run without faults would prove nothing.
        Assert.True(resumes > 4000, $"There were {resumes} connections only.");
    }

    private static async Task<SimulatedDevice> RunAsync(Random random)
    {
        var server = new SimulatedServer();
        var device = new SimulatedDevice(server, random);
        await device.StartAsync();
        for (var step = 0; step < 600; step++)
        {
            if (random.Next(15) == 0)
                await device.SendAsync(random.Next(2) == 0 ? "bob" : "carol");
            if (random.Next(15) == 0)
                server.StoreFrom("bob", $"{step}");
            await device.StepAsync(faults: true);
        }

        var strangers = server.Log.Count(message => message.ClientId is null);
        for (var step = 0; step < 20_000 && (device.Unacknowledged > 0 || device.Taken.Count < strangers); step++)
            await device.StepAsync(faults: false);

        AssertThrough(server, device);
        return device;
    }

    private static void AssertThrough(SimulatedServer server, SimulatedDevice device)
    {
        // Taken: all that others wrote, in the order of the log, once; nothing that this device wrote itself.
        Assert.Equal(server.Log.Where(message => message.ClientId is null), device.Taken);

        // Sent: all, once, at the place that was told, in the order of each conversation.
        Assert.Equal(0, device.Unacknowledged);
        Assert.Equal(device.Submitted.Order(), server.Log.Select(message => message.ClientId).OfType<string>().Order());
        Assert.All(device.Sent, sent => Assert.Equal(server.Seq(sent.ClientId), sent.Seq));
        foreach (var conversation in server.Log.Where(message => message.ClientId is not null).GroupBy(message => message.Recipient))
        {
            var places = conversation.Select(message => device.Submitted.IndexOf(message.ClientId!)).ToList();
            Assert.Equal(places.Order(), places);
        }
    }
}
