using Npgsql;
using NpgsqlTypes;

namespace Chatable.Messaging.Messages;

/// <summary>
/// One column of many rows as an array parameter for <c>unnest</c>. Its type is explicit, so the driver looks nothing up.
/// </summary>
internal static class UnnestParameters
{
    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, long> value) => Of(rows, value, NpgsqlDbType.Bigint);

    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, short> value) => Of(rows, value, NpgsqlDbType.Smallint);

    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, Guid> value) => Of(rows, value, NpgsqlDbType.Uuid);

    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, string?> value) => Of(rows, value, NpgsqlDbType.Text);

    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, DateTime> value) =>
        Of(rows, value, NpgsqlDbType.TimestampTz);

    /// <summary>Sends UTF-8 unchanged, so that PostgreSQL rejects invalid bytes. A string would have replaced them.</summary>
    public static NpgsqlParameter Of<T>(IReadOnlyCollection<T> rows, Func<T, ReadOnlyMemory<byte>> value) =>
        Of(rows, value, NpgsqlDbType.Text);

    private static NpgsqlParameter<TValue[]> Of<T, TValue>(IReadOnlyCollection<T> rows, Func<T, TValue> value, NpgsqlDbType type)
    {
        var column = new TValue[rows.Count];
        var i = 0;
        foreach (var row in rows)
            column[i++] = value(row);
        return new NpgsqlParameter<TValue[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
