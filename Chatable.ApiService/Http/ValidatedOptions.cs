using Microsoft.Extensions.Options;

namespace Chatable.ApiService.Http;

/// <summary>Adds options that are read from a section, validated before startup, and reported with all their errors at once.</summary>
internal static class ValidatedOptions
{
    public static void AddValidatedOptions<T>(this IHostApplicationBuilder builder, string section, Func<T, IEnumerable<string>> faults)
        where T : class
    {
        builder.Services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<T>>(new Validation<T>(faults));
    }

    /// <summary>Adds a validation of options against other options. Each is valid by itself.</summary>
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
