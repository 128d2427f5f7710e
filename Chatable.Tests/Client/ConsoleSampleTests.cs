using System.Collections.Concurrent;
using System.Diagnostics;
using Chatable.Tests.Support;

namespace Chatable.Tests.Client;

/// <summary><c>samples/Chat.Console</c> as a process, as a user starts it.</summary>
public sealed class ConsoleSampleTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private const string Password = "correct-horse-of-the-sample";

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--user alice --password hush-hush-hush", "Everybody on this machine can read a password among the arguments.")]
    [InlineData("--user alice --server ftp://localhost", "'ftp://localhost' is no address of a server.")]
    [InlineData("--user alice --server http://", "'http://' is no address of a server.")]
    [InlineData("--user ../alice", "'../alice' is no name")]
    [InlineData("--user alice --user bob", "--user is there twice.")]
    [InlineData("--user", "--user needs a value.")]
    [InlineData("--user alice --regster", "'--regster' is unknown.")]
    [InlineData("", "Who are you?")]
    public async Task WrongArgumentsAreToldInASentence(string arguments, string sentence)
    {
        using var sample = new Sample(null, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, await sample.EndAsync(_ct));
        Assert.StartsWith(sentence, sample.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongPasswordRegistersNobody()
    {
        using var folder = new TestFolder();
        var name = ChatClient.NewName();
        string[] arguments = ["--user", name, "--server", servers.A.Authority, "--state", folder.Path];
        using (var unknown = new Sample(Password, arguments))
        {
            Assert.Equal(1, await unknown.EndAsync(_ct));
            Assert.Contains($"The password is wrong, or there is no {name} yet: --register creates one.", unknown.Output, StringComparison.Ordinal);
        }

        using (var registered = new Sample(Password, [.. arguments, "--register"]))
        {
            await registered.ShowsAsync("* Online", _ct);
            registered.CloseInput();
            Assert.Equal(0, await registered.EndAsync(_ct));
        }

        // With its saved token it needs no password; without the token it needs the right one.
        using (var again = new Sample(null, arguments))
        {
            await again.ShowsAsync("* Online", _ct);
            again.CloseInput();
            Assert.Equal(0, await again.EndAsync(_ct));
        }

        File.Delete(Path.Combine(folder.Path, $"{name}.token"));
        using var wrong = new Sample("not-the-password", arguments);
        Assert.Equal(1, await wrong.EndAsync(_ct));
        Assert.Contains("The password is wrong", wrong.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePasswordIsAskedForAtATerminalAndNotShown()
    {
        using var folder = new TestFolder();
        using var sample = Sample.AtATerminal(
            "--user", ChatClient.NewName(), "--register", "--server", servers.A.Authority, "--state", folder.Path);
        await Eventually.HoldsAsync(() => Task.FromResult(sample.HidesTyping), "typed text is hidden", _ct);
        sample.Type($"{Password[..^1]}?\b{Password[^1]}", end: "\r");

        await sample.ShowsAsync("* Online", _ct);
        sample.CloseInput();
        Assert.Equal(0, await sample.EndAsync(_ct));
        Assert.Contains("Password of ", sample.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password[..4], sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMessageThatWaitsIsShownBeforeItIsStored()
    {
        using var folder = new TestFolder();
        var (bob, _) = await servers.RegisterAsync(_ct);
        using var sample = new Sample(
            Password, "--user", ChatClient.NewName(), "--register", "--server", servers.A.Authority, "--state", folder.Path);
        await sample.ShowsAsync("* Online", _ct);

        using (await servers.PauseWorkerAsync(_ct))
        {
            sample.Type($"@{bob} are you there?");
            await sample.ShowsAsync("… 1 on its way", _ct);
            Assert.DoesNotContain("stored", sample.Output, StringComparison.Ordinal);
        }

        await sample.ShowsAsync("✓ 1 stored as #1", _ct);
        sample.Type("@nobody_of_that_name hello?");
        await sample.ShowsAsync("✗ 2 refused, unknown_recipient", _ct);
        sample.CloseInput();
        Assert.Equal(0, await sample.EndAsync(_ct));
    }

    private sealed class Sample : IDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = [];

        public Sample(string? password, params string[] arguments)
            : this("dotnet", [Program, .. arguments], password)
        {
        }

        private Sample(string command, IEnumerable<string> arguments, string? password)
        {
            var start = new ProcessStartInfo(command, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment.Remove("CHATABLE_PASSWORD");
            if (password is not null)
                start.Environment["CHATABLE_PASSWORD"] = password;
            _process = new Process { StartInfo = start };
            _process.OutputDataReceived += (_, line) => Note(line.Data);
            _process.ErrorDataReceived += (_, line) => Note(line.Data);
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        private static string Program
        {
            get
            {
                var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
                return Path.Combine(
                    Repository.Root, "samples", "Chat.Console", "bin", tests.Parent!.Name, tests.Name, "Chat.Console.dll");
            }
        }

        /// <summary>Runs on its own terminal, made by <c>script</c>, with nothing in the environment.</summary>
        public static Sample AtATerminal(params string[] arguments) =>
            new("script", ["--quiet", "--return", "--command", $"dotnet '{Program}' {string.Join(' ', arguments)}", "/dev/null"], password: null);

        /// <summary>Whether its terminal hides typed text.</summary>
        public bool HidesTyping
        {
            get
            {
                if (ProcessTable.ChildrenOf(_process.Id) is not [var child, ..])
                    return false;
                using var stty = Process.Start(new ProcessStartInfo("stty", ["-F", $"/proc/{child}/fd/0", "-a"])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
                return stty.StandardOutput.ReadToEnd().Contains(" -echo ", StringComparison.Ordinal);
            }
        }

        public string Output => string.Join('\n', _lines);

        public void Type(string line, string end = "\n")
        {
            _process.StandardInput.Write(line + end);
            _process.StandardInput.Flush();
        }

        public void CloseInput() => _process.StandardInput.Close();

        public Task ShowsAsync(string text, CancellationToken cancellationToken) => Eventually.HoldsAsync(
            () => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)), $"'{text}' is shown", cancellationToken);

        public async Task<int> EndAsync(CancellationToken cancellationToken)
        {
            await _process.WaitForExitAsync(cancellationToken);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }

        // Null marks the end of standard output or standard error.
        private void Note(string? line)
        {
            if (line is not null)
                _lines.Enqueue(line);
        }
    }
}
