namespace Chatable.Tests.Faults.History;

public sealed class EventLogTests
{
    [Fact]
    public void ALineIsReadAsItWasWritten()
    {
        var folder = Directory.CreateTempSubdirectory("chatable-history-");
        try
        {
            var log = new EventLog("F1-7", folder.FullName);
            using (log)
            {
                log.Add(t => new HistoryEvent(
                    t, "alice/phone", "alice", Known.Ok, Op.Recv, Conn: 3, Id: "m1", Seq: 5, Conv: 2, ConvSeq: 1, From: "bob", To: "alice",
                    Hash: BodyHash.Of("hello")));
                log.Add(t => new HistoryEvent(t, "alice/phone", "alice", Known.Ok, Op.Ack, ClientId: "c1", Repeat: true));
            }

            var lines = File.ReadAllLines(Path.Combine(folder.FullName, "F1-7.jsonl"));
            Assert.Equal(log.Events, lines.Select(EventLog.Parse));
            Assert.All(lines, line => Assert.DoesNotContain("null", line, StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
