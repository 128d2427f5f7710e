using System.Text;
using static System.Console;

namespace Chat.Console;

/// <summary>Where the password comes from: never from the arguments, which everybody on the machine can read.</summary>
internal static class Password
{
    /// <returns>The password; null where there is nobody to ask.</returns>
    public static string? Read(string user)
    {
        if (Environment.GetEnvironmentVariable("CHATABLE_PASSWORD") is { Length: > 0 } password)
            return password;
        if (IsInputRedirected)
            return null;

        Write($"Password of {user}: ");
        var typed = new StringBuilder();
        while (ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }

        WriteLine();
        return typed.ToString();
    }
}
