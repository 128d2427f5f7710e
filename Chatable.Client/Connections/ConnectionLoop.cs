using Chatable.Client.Session;
using Microsoft.Extensions.Logging;

namespace Chatable.Client.Connections;

/// <summary>Connects and reconnects, until it is stopped or reconnecting would be pointless.</summary>
internal sealed partial class ConnectionLoop(
    Dialer dialer, SessionRunner runner, ClientSession session, ChatCredentials credentials, TokenRefresh tokens,
    ConnectionOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>A connection that lasted this long does not count as a failure.</summary>
    private static readonly TimeSpan s_sound = TimeSpan.FromSeconds(5);

    private readonly ReconnectDelays _delays = new(options.ReconnectDelay, options.MaxReconnectDelay, Random.Shared.NextDouble);

    /// <summary>The outcome of a connection, or of the attempt to open one.</summary>
    private readonly record struct Outcome(CloseAdvice Advice, ChatStopReason Reason = ChatStopReason.None, int? CloseCode = null)
    {
        public static Outcome Of(SessionRunner.End end)
        {
            var (advice, reason) = CloseAdvices.For(end.CloseCode, end.CloseReason);
            return new Outcome(advice, reason, end.CloseCode);
        }
    }

    /// <summary>Runs until the connection stops for good.</summary>
    /// <returns>The final status.</returns>
    public async Task<ChatStatus> RunAsync(Action<ChatStatus> changed, CancellationToken stop)
    {
        var token = credentials.Token;
        runner.Welcomed += () => tokens.Accepted(token);
        runner.Welcomed += () => changed(new ChatStatus(ChatState.Online));
        changed(new ChatStatus(ChatState.Connecting));
        await runner.BeginAsync().ConfigureAwait(false);
        while (true)
        {
            await tokens.RefreshIfDueAsync(stop).ConfigureAwait(false);
            token = credentials.Token;
            var outcome = await ConnectOnceAsync(token, stop).ConfigureAwait(false);
            if (outcome.Advice == CloseAdvice.Authenticate)
                outcome = await AuthenticateAsync(outcome, token, stop).ConfigureAwait(false);
            if (outcome.Advice == CloseAdvice.Stop)
                return new ChatStatus(ChatState.Stopped, outcome.Reason, outcome.CloseCode);

            stop.ThrowIfCancellationRequested();
            if (outcome.Advice == CloseAdvice.AtOnce)
                continue;
            changed(new ChatStatus(ChatState.Reconnecting, CloseCode: outcome.CloseCode));
            await Task.Delay(DelayAfter(outcome.Advice), clock, stop).ConfigureAwait(false);
        }
    }

    private async Task<Outcome> ConnectOnceAsync(ChatToken token, CancellationToken stop)
    {
        ClientSocket socket;
        try
        {
            socket = await dialer.ConnectAsync(token, stop).ConfigureAwait(false);
        }
        catch (HandshakeException exception)
        {
            LogNotConnected(exception.Answer?.Status ?? 0, exception.InnerException?.Message);
            return exception.Answer switch
            {
                // Otherwise the device's clock was wrong, and a token signed with the server's time may be accepted next time.
                { IsUnauthenticated: true } when exception.WasSignedInTime => new Outcome(CloseAdvice.Authenticate),
                { IsForbidden: true } => new Outcome(CloseAdvice.Stop, ChatStopReason.Policy),
                _ => new Outcome(CloseAdvice.BackOff),
            };
        }

        var started = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(tokens.ConnectionLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var end = await runner.RunAsync(socket, either.Token).ConfigureAwait(false);
        if (clock.GetElapsedTime(started) >= s_sound)
            _delays.Reset();
        LogEnded(end.CloseCode, end.Left);
        return end.Left switch
        {
            LeaveReason.Draining => new Outcome(CloseAdvice.Spread),
            LeaveReason.LongLog or LeaveReason.Behind => new Outcome(CloseAdvice.AtOnce),
            _ => Outcome.Of(end),
        };
    }

    private async Task<Outcome> AuthenticateAsync(Outcome outcome, ChatToken token, CancellationToken stop) =>
        await tokens.ReplaceAsync(token, stop).ConfigureAwait(false) switch
        {
            RefreshResult.Refused => outcome with { Advice = CloseAdvice.Stop, Reason = ChatStopReason.Unauthenticated },
            RefreshResult.NotNow => outcome with { Advice = CloseAdvice.BackOff },
            _ => outcome,
        };

    private TimeSpan DelayAfter(CloseAdvice advice) => advice switch
    {
        CloseAdvice.Spread => _delays.Within(options.SpreadDelay),
        CloseAdvice.Wait => (session.AskedToWait ?? TimeSpan.Zero) + _delays.Next(),
        CloseAdvice.Later => options.TooManyConnectionsDelay / 2 + _delays.Within(options.TooManyConnectionsDelay),
        _ => _delays.Next(),
    };

    [LoggerMessage(LogLevel.Information, "Not connected (HTTP status {Status}): {Error}")]
    private partial void LogNotConnected(int status, string? error);

    [LoggerMessage(LogLevel.Information, "The connection ended (close code {CloseCode}, left because of {Left}).")]
    private partial void LogEnded(int? closeCode, LeaveReason? left);
}
