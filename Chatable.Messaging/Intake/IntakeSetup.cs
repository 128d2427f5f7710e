using Microsoft.Extensions.DependencyInjection;

namespace Chatable.Messaging.Intake;

public static class IntakeSetup
{
    /// <summary>
    /// Adds <see cref="IntakeLog"/>, <see cref="SharedAppends"/>, <see cref="IntakeReader"/> and <see cref="DeadLetterLog"/>. Requires a
    /// Redis connection.
    /// </summary>
    public static IServiceCollection AddIntake(this IServiceCollection services)
    {
        services.AddKeyPrefixedOptions<IntakeOptions>(IntakeOptions.Section)
            .Validate(o => o.Partitions is >= 1 and <= 1024, "Intake:Partitions must be 1 to 1024.")
            // All waiting entries of one sender, at most 32, are appended together or not at all.
            .Validate(o => o.Limit is >= 100 and <= 10_000_000, "Intake:Limit must be 100 to 10,000,000 entries.")
            .Validate(o => o.DeadLetterLimit is >= 1 and <= 10_000_000, "Intake:DeadLetterLimit must be 1 to 10,000,000 entries.");
        services.AddSingleton<IntakeLog>();
        services.AddSingleton(provider =>
            new SharedAppends(provider.GetRequiredService<IntakeLog>().AppendAsync, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IntakeReader>();
        services.AddSingleton<DeadLetterLog>();
        return services;
    }
}
