using Chatable.Bench.Subjects;

namespace Chatable.Bench.Report;

/// <summary>Systems as the report calls them.</summary>
internal static class SubjectLabel
{
    public static string Of(string subject) => subject switch
    {
        SubjectNames.Relay => "(a) bare relay",
        SubjectNames.SignalRStored => "(b) SignalR, Redis, an INSERT each",
        SubjectNames.SignalR => "(c) SignalR, Redis, nothing stored",
        SubjectNames.Chatable => "**Chatable**",
        _ => subject,
    };
}
