using System.Diagnostics.CodeAnalysis;

namespace Chat.Console;

/// <summary>What the program was started with.</summary>
internal sealed record ConsoleArguments(Uri Server, string User, string Password, string Folder)
{
    public const string Usage =
        "Chat.Console --server http://localhost:8080 --user alice --password … [--state folder]   (or CHATABLE_PASSWORD)";

    public static bool TryRead(string[] arguments, [NotNullWhen(true)] out ConsoleArguments? read)
    {
        read = null;
        var values = arguments.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        if (arguments.Length % 2 != 0 || !values.TryGetValue("--user", out var user))
            return false;
        // An argument is seen by everybody on the machine; the variable is not.
        var password = values.GetValueOrDefault("--password") ?? Environment.GetEnvironmentVariable("CHATABLE_PASSWORD");
        var address = values.GetValueOrDefault("--server", "http://localhost:8080");
        if (password is null || !Uri.TryCreate(address, UriKind.Absolute, out var server))
            return false;

        var folder = values.GetValueOrDefault("--state") ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "chat-console");
        read = new ConsoleArguments(server, user, password, folder);
        return true;
    }
}
