using System.Diagnostics.Metrics;

namespace Chatable.ApiService.Messages;

internal sealed class MessageMetrics
{
    private readonly Counter<long> _answered;
    private readonly Counter<long> _looked;

    public MessageMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Chatable.Messages");
        _answered = meter.CreateCounter<long>(
            "chatable.messages.answered", "{request}", "Requests to send a message, by outcome; busy means over a limit.");
        _looked = meter.CreateCounter<long>(
            "chatable.messages.found", "{message}", "Messages found in PostgreSQL because the worker's notification did not arrive.");
    }

    public void Answered(string outcome) => _answered.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Found() => _looked.Add(1);
}
