using System.Text.Json;
using Chatable.Client;

namespace Chat.Console;

/// <summary>The device's token, in a file that only its owner can read.</summary>
internal sealed class TokenFile(string path)
{
    public ChatToken? Read() =>
        File.Exists(path) ? JsonSerializer.Deserialize<ChatToken>(File.ReadAllBytes(path)) : null;

    public void Write(ChatToken token)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream($"{path}.new", options))
        {
            JsonSerializer.Serialize(file, token);
            file.Flush(flushToDisk: true);
        }

        File.Move($"{path}.new", path, overwrite: true);
    }

    public void Delete() => File.Delete(path);
}
