using System.Reflection;

namespace Chatable.MigrationService;

/// <summary>One numbered step of the schema. Once released, a script never changes: another change needs another script.</summary>
/// <param name="Name">For example <c>0001_users_and_tokens.sql</c>. Scripts run in the order of their names.</param>
/// <param name="Sql">The statements, which run in one transaction.</param>
internal sealed record MigrationScript(string Name, string Sql)
{
    /// <summary>The scripts in this build.</summary>
    public static IReadOnlyList<MigrationScript> Embedded { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Read)];

    private static MigrationScript Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return new MigrationScript(name, reader.ReadToEnd());
    }
}
