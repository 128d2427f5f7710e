using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>Options that are read from a section, checked before anything starts, and reported with all their faults at once.</summary>
internal static class ValidatedOptions
{
    public static void AddValidatedOptions<T>(this IHostApplicationBuilder builder, string section, Func<T, IEnumerable<string>> faults)
        where T : class
    {
        builder.Services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<T>>(new Validation<T>(faults));
    }

    /// <summary>What is wrong with options beside others, which are right by themselves.</summary>
    public static void AddValidatedOptions<T, TOther>(this IHostApplicationBuilder builder, Func<T, TOther, IEnumerable<string>> faults)
        where T : class where TOther : class =>
        builder.Services.AddSingleton<IValidateOptions<T>>(services => new Validation<T>(
            options => faults(options, services.GetRequiredService<IOptions<TOther>>().Value)));

    private sealed class Validation<T>(Func<T, IEnumerable<string>> faults) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) =>
            faults(options).ToArray() is { Length: > 0 } found ? ValidateOptionsResult.Fail(found) : ValidateOptionsResult.Success;
    }
}
