using Chatable.ApiService.Accounts;
using Chatable.Tests.Support;
using CsCheck;
using Npgsql;

namespace Chatable.Tests.Stores;

/// <summary>Unicode's form NFC as in PostgreSQL, in any version, because assigned characters never change.</summary>
public sealed class NfcTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryCharacterOfTheTableIsWhatPostgresHas()
    {
        var points = Table().Concat(Enumerable.Range(0xAC00, 11_172)).ToArray();
        await AssertSameAsync([.. points.Select(char.ConvertFromUtf32)]);
    }

    [Fact]
    public async Task TextsOfItsCharactersAreWhatPostgresHas()
    {
        // Few letters, so that their marks meet more often than by chance.
        int[] few =
            [0x41, 0x65, 0x73, 0x3B1, 0x3B7, 0x1100, 0x1161, 0x11A8, 0xAC00, 0x300, 0x301, 0x307, 0x313, 0x323, 0x327, 0x345, 0x5B4, 0x94D];
        var point = Gen.OneOf(OneOf([.. Table()]), OneOf(few));
        var texts = point.Array[1, 8].Select(points => string.Concat(points.Select(char.ConvertFromUtf32))).Array[20_000].Single();
        await AssertSameAsync(texts);
    }

    private static Gen<int> OneOf(int[] points) => Gen.Int[0, points.Length - 1].Select(at => points[at]);

    private static IEnumerable<int> Table()
    {
        using var stream = typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!;
        using var reader = new StreamReader(stream);
        foreach (var line in reader.ReadToEnd().Split('\n').Select(line => line.Split(' ')))
        {
            if (line is ["class", _, var first, var last])
            {
                for (var point = Convert.ToInt32(first, 16); point <= Convert.ToInt32(last, 16); point++)
                    yield return point;
            }
            else if (line is ["both" or "apart", .. var points])
            {
                foreach (var point in points)
                    yield return Convert.ToInt32(point, 16);
            }
        }
    }

    private async Task AssertSameAsync(string[] texts)
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync(Cancellation));
        await using var command = database.CreateCommand(
            "SELECT normalize(text, NFC) FROM unnest($1) WITH ORDINALITY AS texts (text, place) ORDER BY place");
        command.Parameters.AddWithValue(texts);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        foreach (var text in texts)
        {
            Assert.True(await rows.ReadAsync(Cancellation));
            Assert.Equal(rows.GetString(0), Nfc.Of(text));
        }
    }
}
