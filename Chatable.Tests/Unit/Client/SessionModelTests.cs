using CsCheck;

namespace Chatable.Tests.Unit.Client;

/// <summary>
/// A device and a server as state machines. The link loses what is in flight, the server refuses, the intake loses entries, and the
/// device's process dies anywhere. When the faults end, everything arrives once and in order.
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
        Assert.True(resumes > 4000, $"There were only {resumes} connections.");
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
        // Taken: every message of others, once and in the order of the log; none of this device's own.
        Assert.Equal(server.Log.Where(message => message.ClientId is null), device.Taken);

        // Sent: every message, once, at the reported position, in the order of each conversation.
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
