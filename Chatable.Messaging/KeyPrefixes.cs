using System.Buffers;
using Microsoft.Extensions.Configuration;

namespace Chatable.Messaging;

/// <summary>What stands before every key and channel in Redis, so that deployments can share one.</summary>
public static class KeyPrefixes
{
    /// <summary>What <see cref="IsValid"/> asks, to follow the name of the setting.</summary>
    public const string Rule = "must be at most 64 of the characters A-Z a-z 0-9 : . _ - (a brace would move the hash tag).";

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._-");

    public static bool IsValid(string prefix) => prefix.Length <= 64 && !prefix.AsSpan().ContainsAnyExcept(s_allowed);

    /// <summary>What all options with a prefix take as prefix unless their own section names another.</summary>
    public static string KeyPrefix(this IConfiguration configuration) => configuration["Chatable:KeyPrefix"] ?? "";
}
