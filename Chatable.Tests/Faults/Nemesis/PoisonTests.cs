using Chatable.Messaging;
using Chatable.Messaging.Wire;
using StackExchange.Redis;

namespace Chatable.Tests.Faults.Nemesis;

/// <summary>A dead letter made by a fault is told apart from a user's message.</summary>
public sealed class PoisonTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void WhatAFaultHasMadeIsKnown(int kind) => Assert.True(DataFaults.IsPoison(Letter(DataFaults.Fields(kind, user: 1))));

    [Fact]
    public void AUsersMessageIsNone()
    {
        var message = new IntakeEntry
        {
            MessageId = Guid.CreateVersion7(),
            ClientId = ClientId.New(),
            AuthorId = 1,
            Author = "alice",
            RecipientId = 1,
            Recipient = "alice",
            Body = "hello"u8.ToArray(),
            Origin = new Origin(Guid.NewGuid(), 1),
        };
        Assert.False(DataFaults.IsPoison(Letter(["m", message.Encode()])));
        Assert.False(DataFaults.IsPoison(Letter(["m", message.Encode()[..41]])));
    }

    // As a worker writes it.
    private static StreamEntry Letter(RedisValue[] field) =>
        new("1-0", [new("id", "0-1"), new("error", "undecodable"), new("attempts", 1), new(field[0], field[1])]);
}
