namespace Chatable.Tests.Support;

/// <summary>A folder for one test. Other users can enter it too, because the servers run as another user.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"chatabletest{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
