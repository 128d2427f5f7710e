namespace Chatable.LocalHosting;

/// <summary>
/// The connection strings of a running topology, a file for each, so that tools find servers whose ports and passwords were chosen at the
/// start. They hold passwords: only their owner can read them, and they go with the topology. Of two the later one has them.
/// </summary>
internal sealed class ConnectionFiles(DistributedApplicationModel model, EngineOptions options)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Dictionary<string, string> _written = [];

    /// <summary>Where they cannot be written a line says so; the topology does not need them.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        // Tests find their servers through the model, and many run at once.
        if (options.IsTest)
            return;
        try
        {
            CreateFolder();
            foreach (var resource in model.Resources.OfType<IResourceWithConnectionString>())
                await WriteAsync(resource, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ConsoleText.WriteError($"Tools will not find the servers by themselves: {e.Message}");
        }
    }

    public void Delete()
    {
        try
        {
            foreach (var (path, connectionString) in _written)
            {
                if (File.Exists(path) && File.ReadAllText(path) == connectionString)
                    File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing answers at what is left, and the next start writes over it.
        }
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(options.ConnectionsFolder);
        else
        {
            // Servers under another account pass through the folder of the volumes, but have nothing to find in this one.
            Directory.CreateDirectory(options.VolumesFolder);
            Directory.CreateDirectory(options.ConnectionsFolder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private async Task WriteAsync(IResourceWithConnectionString resource, CancellationToken cancellationToken)
    {
        try
        {
            if (await resource.GetConnectionStringAsync(cancellationToken) is { } connectionString)
                await WriteAsync(Path.Combine(options.ConnectionsFolder, resource.Name), connectionString, cancellationToken);
        }
        catch (DistributedApplicationException)
        {
            // A password that cannot be kept, say. The resource fails by that in a moment, and tells of it.
        }
    }

    private async Task WriteAsync(string path, string connectionString, CancellationToken cancellationToken)
    {
        // Created anew, for an existing file would keep whatever mode it has; moved, so that nobody reads half of it.
        var unfinished = $"{path}.{Environment.ProcessId}";
        File.Delete(unfinished);
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            create.UnixCreateMode = OwnerOnly;
        await using (var file = new StreamWriter(unfinished, create))
            await file.WriteAsync(connectionString.AsMemory(), cancellationToken);
        File.Move(unfinished, path, overwrite: true);
        _written[path] = connectionString;
    }
}
