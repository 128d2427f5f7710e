using System.Globalization;
using System.Text.Json;

namespace Chatable.FanoutWorker.DeadLetters;

/// <summary>Prints the command's output, for people or as JSON.</summary>
internal sealed class DlqReport(TextWriter output, bool asJson)
{
    private static readonly string[] s_columns = ["PARTITION", "ID", "WHEN", "ERROR", "ATTEMPTS", "AUTHOR", "RECIPIENT", "BYTES"];

    /// <param name="letters">The letters to show.</param>
    /// <param name="all">The total number of letters.</param>
    public void List(List<LetterView> letters, long all)
    {
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(letters, DlqJson.Default.ListLetterView));
            return;
        }

        if (letters.Count > 0)
            Table([s_columns, .. letters.Select(Row)]);
        output.WriteLine(all == 0 ? "No dead letters." : string.Create(
            CultureInfo.InvariantCulture,
            $"{all} dead letter{(all == 1 ? "" : "s")}{(letters.Count < all ? $", {letters.Count} shown" : "")}."));
    }

    public void Show(LetterView letter)
    {
        var json = JsonSerializer.SerializeToElement(letter, DlqJson.Default.LetterView);
        if (asJson)
            output.WriteLine(JsonSerializer.Serialize(letter, DlqJson.Default.LetterView));
        else
            Table([.. json.EnumerateObject().Select(property => new[] { property.Name, property.Value.ToString() })]);
    }

    public void Results(List<LetterResult> results)
    {
        if (asJson)
            output.WriteLine(JsonSerializer.Serialize(results, DlqJson.Default.ListLetterResult));
        else if (results.Count == 0)
            output.WriteLine("No dead letters.");
        else
            Table([.. results.Select(result => new[] { Text(result.Partition), result.Id, result.Result })]);
    }

    private static string[] Row(LetterView letter) =>
    [
        Text(letter.Partition), letter.Id, letter.At?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "?",
        letter.Error, Text(letter.Attempts), letter.Author ?? "?", letter.Recipient ?? "?", Text(letter.Bytes),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void Table(string[][] rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => Printable(cell).PadRight(widths[column]))).TrimEnd());
    }

    // Data written to Redis must not send control sequences to an operator's terminal.
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
