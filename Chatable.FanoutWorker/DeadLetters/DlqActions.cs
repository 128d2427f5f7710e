using Chatable.Messaging.Intake;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>The actions of the command. Each returns the exit code.</summary>
internal sealed class DlqActions(DeadLetterLog letters, DlqReport report, TextWriter errors)
{
    private const int PageSize = 100;
    private const string Undecodable = "undecodable, left where it is: this version cannot read it and would put it back at once";

    public async Task<int> ListAsync(int? only, int limit, CancellationToken cancellationToken)
    {
        var counts = await letters.CountAsync(await PartitionsAsync(only, cancellationToken), cancellationToken);
        var shown = new List<LetterView>();
        foreach (var partition in counts.Where(count => count.Value > 0).Select(count => count.Key).Order())
        {
            if (shown.Count == limit)
                break;
            var page = await letters.ListAsync(partition, after: null, limit - shown.Count, cancellationToken);
            shown.AddRange(page.Select(LetterView.Of));
        }

        report.List(shown, counts.Values.Sum());
        return 0;
    }

    public async Task<int> ShowAsync(int partition, string id, CancellationToken cancellationToken)
    {
        if (await letters.FindAsync(partition, id, cancellationToken) is not { } letter)
            return NotFound(partition, id);

        report.Show(LetterView.Of(letter));
        return 0;
    }

    public async Task<int> ReplayAsync(int partition, string id, CancellationToken cancellationToken)
    {
        if (await letters.FindAsync(partition, id, cancellationToken) is not { } letter)
            return NotFound(partition, id);

        var (isReplayed, result) = await ReplayAsync(letter, cancellationToken);
        report.Results([result]);
        return isReplayed ? 0 : 1;
    }

    // Replays the oldest first, and each letter once: a letter that fails again during the run is appended after the last one counted.
    public async Task<int> ReplayAllAsync(int? only, CancellationToken cancellationToken)
    {
        var results = new List<LetterResult>();
        var left = 0;
        foreach (var partition in await PartitionsAsync(only, cancellationToken))
        {
            string? last = null;
            var rest = (await letters.CountAsync([partition], cancellationToken))[partition];
            while (rest > 0
                && await letters.ListAsync(partition, last, (int)Math.Min(rest, PageSize), cancellationToken) is { Count: > 0 } page)
            {
                foreach (var letter in page)
                {
                    var (isReplayed, result) = await ReplayAsync(letter, cancellationToken);
                    left += isReplayed ? 0 : 1;
                    results.Add(result);
                }

                (last, rest) = (page[^1].Id, rest - page.Count);
            }
        }

        report.Results(results);
        return left == 0 ? 0 : 1;
    }

    private async Task<(bool IsReplayed, LetterResult Result)> ReplayAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (!LetterView.Of(letter).Decodable)
            return (false, new(letter.Partition, letter.Id, Undecodable));

        var outcome = await letters.ReplayAsync(letter.Partition, letter.Id, cancellationToken);
        return (outcome is ReplayOutcome.Replayed, new(letter.Partition, letter.Id, outcome switch
        {
            ReplayOutcome.Replayed => "replayed",
            ReplayOutcome.IntakeFull => "left where it is: the intake is full, try again in a while",
            ReplayOutcome.TooManyFields => "left where it is: it has too many fields to be appended",
            _ => "no longer there",
        }));
    }

    public async Task<int> DiscardAsync(int partition, string id, CancellationToken cancellationToken)
    {
        if (!await letters.DiscardAsync(partition, id, cancellationToken))
            return NotFound(partition, id);

        report.Results([new(partition, id, "discarded")]);
        return 0;
    }

    private async Task<IEnumerable<int>> PartitionsAsync(int? only, CancellationToken cancellationToken) =>
        only is { } partition ? [partition] : Enumerable.Range(0, await letters.CountPartitionsAsync(cancellationToken));

    private int NotFound(int partition, string id)
    {
        errors.WriteLine($"Partition {partition} has no dead letter {id}.");
        return 1;
    }
}
