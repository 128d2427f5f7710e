using Chatable.Messaging.Users;
using Chatable.Tests.Support;
using CsCheck;
using Npgsql;

namespace Chatable.Tests.Stores.Users;

public sealed class UsernamePropertyTests(PostgresServer postgres)
{
    private const string Letters = "abcXYZ";

    // Few letters, so that many pairs differ only in case. K and S have non-ASCII relatives that lower-case to them, and I has its own
    // lowercase letter in some locales.
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.Char[Letters], Gen.Char["09_"], Gen.Char["kKsSiI"], Gen.Char["\u212A\u017F \n\0-.é"])
        .Array[0, 4].Select(chars => new string(chars));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void WellFormedIsALetterAndThenLettersDigitsOrUnderscores() => s_text.Sample(text =>
        Username.IsWellFormed(text)
        == (text.Length >= 2 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemoryAndDatabaseAgreeOnWhichNamesAreOne(bool isTurkish)
    {
        await using var database = NpgsqlDataSource.Create(
            isTurkish ? await postgres.CreateTurkishDatabaseAsync(Cancellation) : await postgres.CreateDatabaseAsync(Cancellation));
        var names = s_text.Where(Username.IsWellFormed).Array[400].Single();
        // By chance alone, few pairs would be equal.
        for (var i = 0; i < 100; i++)
            names[200 + i] = new string([.. names[i].Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))]);
        await using var command = database.CreateCommand(
            """
            SELECT lower(a COLLATE "C") = lower(b COLLATE "C")
            FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pairs (a, b, place) ORDER BY place
            """);
        command.Parameters.AddWithValue(names[..200]);
        command.Parameters.AddWithValue(names[200..]);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var same = 0;
        for (var i = 0; await rows.ReadAsync(Cancellation); i++)
        {
            Assert.Equal(rows.GetBoolean(0), string.Equals(names[i], names[200 + i], StringComparison.OrdinalIgnoreCase));
            same += rows.GetBoolean(0) ? 1 : 0;
        }

        Assert.InRange(same, 100, 199);
    }
}
