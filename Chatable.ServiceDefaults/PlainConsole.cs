using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Chatable.ServiceDefaults;

/// <summary>
/// Writes lines like the simple formatter, without event ids: those of generated log methods are derived from the method names, and carry
/// no information.
/// </summary>
internal sealed class PlainConsole(IOptionsMonitor<ConsoleFormatterOptions> options) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "plain";

    private const string Indent = "      ";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        if (options.CurrentValue is { TimestampFormat: { } format } settings)
        {
            var now = settings.UseUtcTimestamp ? DateTimeOffset.UtcNow : DateTimeOffset.Now;
            textWriter.Write(now.ToString(format, CultureInfo.InvariantCulture));
        }

        textWriter.Write($"{NameOf(logEntry.LogLevel)}: {logEntry.Category}{Environment.NewLine}");
        WriteLines(logEntry.Formatter(logEntry.State, logEntry.Exception), textWriter);
        if (logEntry.Exception is not null)
            WriteLines(logEntry.Exception.ToString(), textWriter);
    }

    // Indented, so that no part of a message can look like the beginning of another message.
    private static void WriteLines(string text, TextWriter textWriter) =>
        textWriter.Write($"{Indent}{text.ReplaceLineEndings(Environment.NewLine + Indent)}{Environment.NewLine}");

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
