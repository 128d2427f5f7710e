using System.Diagnostics.CodeAnalysis;

namespace Chat.Console;

/// <summary>What the program was started with.</summary>
internal sealed record ConsoleArguments(Uri Server, string User, bool IsNew, string Folder)
{
    public const string Usage = """
        Chat.Console --user alice [--register] [--server http://localhost:8080] [--state folder]

          --register   creates the user; without it the user must exist
          --state      where token, outbox and cursor are kept

        The password is asked for, or taken from the variable CHATABLE_PASSWORD.
        """;

    /// <param name="arguments">The words of the command line.</param>
    /// <param name="read">What they say.</param>
    /// <param name="fault">What is wrong with them, in a sentence.</param>
    public static bool TryRead(string[] arguments, [NotNullWhen(true)] out ConsoleArguments? read, [NotNullWhen(false)] out string? fault)
    {
        read = null;
        if (!TrySplit(arguments, out var values, out fault))
            return false;
        if (!values.TryGetValue("--user", out var user) || user.Length == 0)
            return Fails("Who are you? Say --user and a name.", out fault);
        // The name is part of file names.
        if (!user.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
            return Fails($"'{user}' is no name: letters, digits and underscores only.", out fault);
        if (!TryReadAddress(values.GetValueOrDefault("--server", "localhost:8080"), out var server))
            return Fails($"'{values["--server"]}' is no address of a server. Write it as http://localhost:8080.", out fault);

        var folder = values.GetValueOrDefault("--state") ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "chat-console");
        read = new ConsoleArguments(server, user, values.ContainsKey("--register"), folder);
        return true;
    }

    private static bool TrySplit(string[] arguments, out Dictionary<string, string> values, [NotNullWhen(false)] out string? fault)
    {
        values = [];
        fault = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            switch (name)
            {
                case "--register":
                    values[name] = "";
                    break;
                case "--server" or "--user" or "--state" when i + 1 < arguments.Length:
                    if (!values.TryAdd(name, arguments[++i]))
                        return Fails($"{name} is there twice.", out fault);
                    break;
                case "--server" or "--user" or "--state":
                    return Fails($"{name} needs a value.", out fault);
                case "--password":
                    return Fails(
                        "Everybody on this machine can read a password among the arguments. Leave --password out and type it when asked, "
                        + "or set CHATABLE_PASSWORD.", out fault);
                default:
                    return Fails($"'{name}' is unknown.", out fault);
            }
        }

        return true;
    }

    // "localhost:8080" alone would be an address with the scheme "localhost".
    private static bool TryReadAddress(string text, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    private static bool Fails(string sentence, out string fault)
    {
        fault = sentence;
        return false;
    }
}
