using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chatable.Messaging;

/// <summary>
/// Options that are read from a section and validated before startup, with all errors reported at once. The rules of single values are
/// data annotations, which the options source generator turns into a validator. Rules across values are code.
/// </summary>
public static class ValidatedOptions
{
    /// <summary>Adds options of a section, and the validator of their annotations.</summary>
    public static OptionsBuilder<T> AddValidatedOptions<T, TValidator>(this IServiceCollection services, string section)
        where T : class where TValidator : class, IValidateOptions<T>, new() =>
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart().ValidateAnnotations(section, new TValidator());

    /// <summary>Adds the validator of the annotations, with errors that name each setting as it is configured.</summary>
    public static OptionsBuilder<T> ValidateAnnotations<T>(this OptionsBuilder<T> options, string section, IValidateOptions<T> validator)
        where T : class => options.ValidateAll(value => Failures(section, validator, value));

    /// <summary>Adds rules that return a sentence for each violation.</summary>
    public static OptionsBuilder<T> ValidateAll<T>(this OptionsBuilder<T> options, Func<T, IEnumerable<string>> faults) where T : class
    {
        options.Services.AddSingleton<IValidateOptions<T>>(new Rules<T>(faults));
        return options;
    }

    /// <summary>Adds rules between these options and others.</summary>
    public static OptionsBuilder<T> ValidateAll<T, TOther>(this OptionsBuilder<T> options, Func<T, TOther, IEnumerable<string>> faults)
        where T : class where TOther : class
    {
        options.Services.AddSingleton<IValidateOptions<T>>(services => new Rules<T>(
            value => faults(value, services.GetRequiredService<IOptions<TOther>>().Value)));
        return options;
    }

    // The generator writes "Ping: The field Realtime.Times.Ping must be between 00:00:00.1000000 and 1.00:00:00."
    internal static IEnumerable<string> Failures<T>(string section, IValidateOptions<T> validator, T value) where T : class =>
        (validator.Validate(section, value).Failures ?? []).Select(failure => Regex.Replace(
            failure, $@"^\w+: The field ({Regex.Escape(section)}(\.\w+)+)", match => match.Groups[1].Value.Replace('.', ':')));

    private sealed class Rules<T>(Func<T, IEnumerable<string>> faults) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) =>
            faults(options).ToArray() is { Length: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
    }
}
