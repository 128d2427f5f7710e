namespace Chatable.ApiService.Http;

/// <summary>Counts characters as people, JSON Schema and PostgreSQL do: as code points. A <see cref="char"/> may be half of one.</summary>
internal static class Characters
{
    public static int Count(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }
}
