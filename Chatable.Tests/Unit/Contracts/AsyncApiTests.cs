using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chatable.ApiService.Realtime.Sockets;
using Chatable.Client;
using Chatable.Client.Wire;
using Chatable.Messaging.Wire.V2;
using Chatable.Tests.Support;
using Xunit.Sdk;

namespace Chatable.Tests.Unit.Contracts;

/// <summary>The AsyncAPI document is complete and matches the code.</summary>
public sealed partial class AsyncApiTests
{
    private static readonly string[] s_operations = ["receiveV1", "sendV1", "receiveV2", "sendV2"];

    [Fact]
    public void EveryReferenceLeadsSomewhereAndEveryOperationIsKnown()
    {
        Assert.Equal("3.0.0", AsyncApi.Document["asyncapi"]!.GetValue<string>());
        Assert.NotNull(AsyncApi.Resolve(AsyncApi.Document));
        Assert.Equal(s_operations, AsyncApi.Document["operations"]!.AsObject().Select(operation => operation.Key));
        Assert.Equal(
            AsyncApi.Document["components"]!["messages"]!.AsObject().Select(message => message.Key).Order(),
            s_operations.SelectMany(operation => AsyncApi.MessagesOf(operation).Keys).Distinct().Order());
        Assert.All(
            (string[])["V1", "V2"],
            version => Assert.Equal(
                AsyncApi.MessagesOf($"receive{version}").Keys.Union(AsyncApi.MessagesOf($"send{version}").Keys).Order(),
                AsyncApi.Find($"channels/{version.ToLowerInvariant()}/messages").AsObject().Select(message => message.Key).Order()));
    }

    [Fact]
    public void EveryFrameHasASchemaOfItsOwnAndExamplesThatAreValid()
    {
        foreach (var operation in s_operations)
        {
            var schema = operation.EndsWith("V1", StringComparison.Ordinal) ? FrameSchema.V1 : FrameSchema.V2;
            foreach (var (name, message) in AsyncApi.MessagesOf(operation))
            {
                var payload = message["payload"]!;
                Assert.True(payload["additionalProperties"]!.GetValue<bool>(), name);
                Assert.NotEmpty(payload["required"]!.AsArray());
                Assert.NotEmpty(message["examples"]!.AsArray());
                foreach (var example in message["examples"]!.AsArray())
                    AssertIn(schema, operation, ToElement(example!["payload"]!));
            }
        }
    }

    [Theory]
    [InlineData("receiveV2", """{"type":"hello","since":-1}""")]
    [InlineData("receiveV2", """{"type":"hello","since":"1"}""")]
    [InlineData("receiveV2", """{"type":"send","client_id":"a b","recipient":"alice","message":"hi"}""")]
    [InlineData("receiveV2", """{"type":"send","recipient":"alice","message":"hi"}""")]
    [InlineData("receiveV2", """{"type":"send","client_id":"c1","recipient":"alice","message":"hi","message_type":2}""")]
    [InlineData("receiveV2", """{"type":"welcome"}""")]
    [InlineData("receiveV2", """{"since":1}""")]
    [InlineData("sendV2", """{"type":"caught_up","seq":1.5}""")]
    [InlineData("sendV2", """{"type":"caught_up"}""")]
    [InlineData("sendV2", """{"type":"typing","seq":1}""")]
    [InlineData("sendV2", """{"type":"error","code":"odd","message":"x","retryable":true}""")]
    [InlineData("sendV2", """{"type":"reset","epoch":"6F1C0A52-6D0B-4F0E-9A57-2F8F5A0C1D3E","head":7}""")]
    [InlineData("sendV1", """{"error":{"code":"400","errors":{},"message":"x"}}""")]
    [InlineData("sendV1", """{"author":"bob","recipient":"alice","message":"hi","message_type":0,"created_at":"2015-09-03 03:13:12Z"}""")]
    [InlineData("receiveV1", """{"recipient":"alice"}""")]
    public void WhatNoFrameLooksLikeIsNotValid(string operation, string frame)
    {
        var schema = operation.EndsWith("V1", StringComparison.Ordinal) ? FrameSchema.V1 : FrameSchema.V2;
        Assert.ThrowsAny<XunitException>(() => AssertIn(schema, operation, ToElement(JsonNode.Parse(frame)!)));
    }

    [Fact]
    public void EveryFrameTheServerWritesIsValid()
    {
        var id = Samples.Client("c1");
        var ackFields = Samples.LogEntry.AckFields;
        ReadOnlyMemory<byte>[] frames =
        [
            V2Frames.Entry(Samples.LogEntry, seq: 7, forActor: true).Memory,
            V2Frames.Entry(Samples.LogEntry, long.MaxValue, forActor: false).Memory,
            V2Frames.Ack(id, ackFields.Span, 7, duplicate: false).Memory, V2Frames.Ack(id, ackFields.Span, 7, duplicate: true).Memory,
            V2SessionFrames.Welcome(new V2Welcome("alice", "api-1/1f0c2d3e", Guid.NewGuid(), 0, TimeSpan.FromSeconds(20), 16384, 32)),
            V2SessionFrames.CaughtUp(0), V2SessionFrames.Reset(Guid.NewGuid(), 0), V2SessionFrames.Epoch(Guid.NewGuid(), 0),
            V2SessionFrames.Ping, V2SessionFrames.Pong,
            V2SessionFrames.Error(id, "busy", "busy", retryable: true, TimeSpan.FromSeconds(1)),
            V2SessionFrames.Error(null, "invalid", "not JSON", retryable: false, null),
            V2SessionFrames.Draining(TimeSpan.FromSeconds(5)),
        ];

        foreach (var frame in frames)
            FrameSchema.V2.AssertSentByServer(JsonDocument.Parse(frame).RootElement);
        Assert.Equal(
            AsyncApi.MessagesOf("sendV2").Keys.Order(),
            frames.Select(frame => JsonDocument.Parse(frame).RootElement.GetProperty("type").GetString()!).Distinct().Order());
    }

    [Fact]
    public void EveryFrameTheClientLibraryWritesIsValid()
    {
        ReadOnlyMemory<byte>[] frames =
        [
            ClientFrames.Hello(since: null, epoch: null, device: null), ClientFrames.Hello(7, Guid.NewGuid(), "phone"),
            ClientFrames.Send(new OutgoingMessage("c-1", "alice", "é 😀 <b>\"\n")),
            ClientFrames.Send(new OutgoingMessage("c-2", "alice", "photo.jpg", ChatMessageType.Photo)),
            ClientFrames.Ping, ClientFrames.Pong,
        ];

        foreach (var frame in frames)
            FrameSchema.V2.AssertSentByClient(JsonDocument.Parse(frame).RootElement);
        Assert.Equal(
            AsyncApi.MessagesOf("receiveV2").Keys.Order(),
            frames.Select(frame => JsonDocument.Parse(frame).RootElement.GetProperty("type").GetString()!).Distinct().Order());
    }

    [Fact]
    public void TheFramesOfAClientAreThoseThatTheServerReads()
    {
        string[] candidates =
            [.. Enum.GetNames<V2FrameType>().Select(name => name.ToLowerInvariant()), .. AsyncApi.MessagesOf("sendV2").Keys];
        var read = candidates.Distinct()
            .Where(type => V2ClientFrames.Read(JsonSerializer.SerializeToUtf8Bytes(new { type }), maxMessageBytes: 1)
                is not { Faulty.Fault: V2Fault.Unsupported });
        Assert.Equal(AsyncApi.MessagesOf("receiveV2").Keys.Order(), read.Order());
    }

    [Fact]
    public void TheCloseCodesAreThoseOfTheCode() => Assert.Equal(
        CloseCode.All.Select(code => code.Number).Distinct().Order(),
        CloseCodeRow().Matches(AsyncApi.Document["info"]!["description"]!.GetValue<string>())
            .Select(row => int.Parse(row.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)));

    private static void AssertIn(FrameSchema schema, string operation, JsonElement frame)
    {
        if (operation.StartsWith("receive", StringComparison.Ordinal))
            schema.AssertSentByClient(frame);
        else
            schema.AssertSentByServer(frame);
    }

    private static JsonElement ToElement(JsonNode node) => JsonDocument.Parse(node.ToJsonString()).RootElement;

    [GeneratedRegex(@"(?m)^\| (\d{4}) \|")]
    private static partial Regex CloseCodeRow();
}
