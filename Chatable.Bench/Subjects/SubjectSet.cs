using Chatable.Bench.CommandLine;
using Chatable.Bench.Report;

namespace Chatable.Bench.Subjects;

/// <summary>Several systems, up at the same time, each with stores of its own.</summary>
internal sealed class SubjectSet : IAsyncDisposable
{
    private readonly List<Subject> _subjects = [];

    public IReadOnlyList<Subject> All => _subjects;

    public static async Task<SubjectSet> StartAsync(
        IEnumerable<string> names, IEnumerable<Variant> variants, Progress progress, CancellationToken cancellationToken)
    {
        var set = new SubjectSet();
        try
        {
            foreach (var name in names)
            {
                progress.Step($"starting {name}");
                set._subjects.Add(await StartAsync(name, cancellationToken));
            }

            foreach (var variant in variants)
            {
                progress.Step($"starting {variant.Name}");
                set._subjects.Add(await ChatableSubject.StartAsync(variant, workers: 1, cancellationToken));
            }

            return set;
        }
        catch
        {
            await set.DisposeAsync();
            throw;
        }
    }

    public static async Task<Subject> StartAsync(string name, CancellationToken cancellationToken) => name switch
    {
        SubjectNames.Relay => await RelaySubject.StartAsync(cancellationToken),
        SubjectNames.SignalR => await SignalRSubject.StartAsync(stores: false, cancellationToken),
        SubjectNames.SignalRStored => await SignalRSubject.StartAsync(stores: true, cancellationToken),
        _ => await ChatableSubject.StartAsync(cancellationToken),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var subject in _subjects)
            await subject.DisposeAsync();
    }
}
