namespace Chatable.Tests.Support;

/// <summary>A folder of one test's own. Not one that root alone can enter: the servers run as another user.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"chatabletest{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
