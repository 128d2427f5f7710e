using System.Reflection;

namespace Chatable.LocalHosting.Testing;

/// <summary>
/// Runs an AppHost's entry point for a test, up to the point where it builds: the builder it has filled is handed over and the rest
/// of the entry point is abandoned.
/// </summary>
internal sealed class TestingSession(Assembly entryPoint)
{
    // Flows into the entry point's own thread, so that tests can do this in parallel.
    private static readonly AsyncLocal<TestingSession?> s_current = new();
    private DistributedApplicationBuilder? _builder;

    public static TestingSession? Current => s_current.Value;

    public Assembly EntryPoint { get; } = entryPoint;

    public Task<DistributedApplicationBuilder> RunEntryPointAsync(string[] args, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            s_current.Value = this;
            var main = EntryPoint.EntryPoint ?? throw new InvalidOperationException($"{EntryPoint.GetName().Name} has no entry point.");
            try
            {
                main.Invoke(null, main.GetParameters().Length == 0 ? [] : [args]);
            }
            catch (TargetInvocationException e) when (e.InnerException is InterceptedException)
            {
                return _builder!;
            }
            catch (TargetInvocationException e) when (e.InnerException is not null)
            {
                throw new InvalidOperationException($"The AppHost failed: {e.InnerException.Message}", e.InnerException);
            }

            throw new InvalidOperationException("The entry point exited without building a DistributedApplication.");
        },
        cancellationToken);

    public void Intercept(DistributedApplicationBuilder builder)
    {
        _builder = builder;
        throw new InterceptedException();
    }

    private sealed class InterceptedException : Exception;
}
