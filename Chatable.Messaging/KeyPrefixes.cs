using System.Buffers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging;

/// <summary>Options of something that has keys or channels in Redis.</summary>
public interface IKeyPrefixed
{
    /// <summary>Before every key and channel, so that deployments can share one Redis. From <c>Chatable:KeyPrefix</c>.</summary>
    string KeyPrefix { get; set; }
}

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

    /// <summary>Options from a section, their prefix checked; the start fails where any rule does not hold.</summary>
    public static OptionsBuilder<T> AddKeyPrefixedOptions<T>(this IServiceCollection services, string section)
        where T : class, IKeyPrefixed =>
        services.AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => options.KeyPrefix = configuration.KeyPrefix())
            .BindConfiguration(section)
            .Validate(options => IsValid(options.KeyPrefix), $"{section}:KeyPrefix {Rule}")
            // One service that looks under another prefix for one thing only would find the others, and nothing of what they hand over.
            .Validate<IConfiguration>(
                (options, configuration) => options.KeyPrefix == configuration.KeyPrefix(),
                $"{section}:KeyPrefix must not differ from Chatable:KeyPrefix.")
            .ValidateOnStart();
}
