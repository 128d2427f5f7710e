using System.CommandLine.Parsing;
using Chatable.Bench.Processes;

namespace Chatable.Bench.CommandLine;

/// <summary>Chatable once more, measured in turn with this checkout's: another build of it, or the same with other settings.</summary>
/// <param name="Name">What its figures stand under.</param>
/// <param name="Checkout">Where the other build is, in this program's configuration; null for this one's own.</param>
/// <param name="Settings">Environment variables of its services.</param>
internal sealed record Variant(string Name, string? Checkout, IReadOnlyList<(string Key, string Value)> Settings)
{
    /// <summary>Reads <c>name=[folder][,KEY=VALUE]…</c>; what is wrong goes to the result, and null is returned.</summary>
    public static Variant? Read(Token token, SymbolResult result)
    {
        var parts = token.Value.Split(',');
        var pairs = parts.Select(part => part.Split('=', 2)).ToArray();
        if (Array.Find(pairs, pair => pair.Length < 2 || pair[0].Length == 0) is { } wrong)
        {
            result.AddError($"'{wrong[0]}' is neither name=[folder] nor KEY=VALUE. Use --variant name=[folder][,KEY=VALUE]…");
            return null;
        }

        var checkout = pairs[0][1].Length > 0 ? Path.GetFullPath(pairs[0][1]) : null;
        if (checkout is not null && !Programs.AreBuiltIn(checkout))
        {
            result.AddError($"The services are not built in {checkout} for the configuration (Debug or Release) of this program.");
            return null;
        }

        return new Variant(pairs[0][0], checkout, [.. pairs.Skip(1).Select(pair => (pair[0], pair[1]))]);
    }
}
