using System.Net;
using Chatable.Bench.Load.Protocols;
using Chatable.Bench.Load.Traffic;
using Chatable.Bench.Measures;
using Chatable.Bench.Processes;

namespace Chatable.Bench.Subjects;

/// <summary>Reference (a).</summary>
internal sealed class RelaySubject : Subject
{
    private readonly ServerProcess _process;
    private readonly int _port;

    private RelaySubject(ServerProcess process, int port) => (_process, _port) = (process, port);

    public override string Name => SubjectNames.Relay;

    public override int Replicas => 1;

    public override IReadOnlyList<ServerProcess> Processes => [_process];

    public override string SocketProcess => "relay";

    public override Protocol Protocol { get; } = new BareRelay();

    public static async Task<Subject> StartAsync(CancellationToken cancellationToken)
    {
        var port = ServerProcess.FreePort();
        var start = Programs.Reference(["relay", "--port", $"{port}"], [AllocationGauge.Hook]);
        return new RelaySubject(await ServerProcess.StartAsync(start, "Application started", ServerProcess.Terminate, cancellationToken, "relay"), port);
    }

    public override Seat Seat(int user, int replica) =>
        new($"u{user}", new IPEndPoint(IPAddress.Loopback, _port), $"/ws?user=u{user}");

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
