using System.Buffers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging;

/// <summary>Options of a component that uses keys or channels in Redis.</summary>
public interface IKeyPrefixed
{
    /// <summary>The prefix of every key and channel, so that deployments can share one Redis. From <c>Chatable:KeyPrefix</c>.</summary>
    string KeyPrefix { get; set; }
}

/// <summary>The prefix of every key and channel in Redis, so that deployments can share one.</summary>
public static class KeyPrefixes
{
    /// <summary>The rule that <see cref="IsValid"/> checks, to append to the name of the setting.</summary>
    public const string Rule = "must be at most 64 of the characters A-Z a-z 0-9 : . _ - (a brace would move the hash tag).";

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._-");

    public static bool IsValid(string prefix) => prefix.Length <= 64 && !prefix.AsSpan().ContainsAnyExcept(s_allowed);

    /// <summary>The default prefix of all options, unless their own section sets another.</summary>
    public static string KeyPrefix(this IConfiguration configuration) => configuration["Chatable:KeyPrefix"] ?? "";

    /// <summary>Adds options bound to a section, with a validated prefix. Startup fails if any rule is violated.</summary>
    public static OptionsBuilder<T> AddKeyPrefixedOptions<T, TValidator>(this IServiceCollection services, string section)
        where T : class, IKeyPrefixed where TValidator : class, IValidateOptions<T>, new() =>
        services.AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => options.KeyPrefix = configuration.KeyPrefix())
            .BindConfiguration(section)
            .ValidateAnnotations(section, new TValidator())
            .Validate(options => IsValid(options.KeyPrefix), $"{section}:KeyPrefix {Rule}")
            // A service with a different prefix in one section would find the other services, but none of the data they hand over through
            // it.
            .Validate<IConfiguration>(
                (options, configuration) => options.KeyPrefix == configuration.KeyPrefix(),
                $"{section}:KeyPrefix must not differ from Chatable:KeyPrefix.")
            .ValidateOnStart();
}
