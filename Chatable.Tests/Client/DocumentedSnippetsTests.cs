using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Chatable.Client;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

public sealed partial class DocumentedSnippetsTests(ClientServers servers) : IClassFixture<ClientServers>, IDisposable
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatable-client-");

    [Fact]
    public async Task WhatTheDocumentationShowsIsWhatIsCompiled()
    {
        var compiled = Bare(await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "Chatable.Tests", "Client", "DocumentedSnippets.cs"), _ct));
        var documents = new[] { Path.Combine("docs", "client.md"), "README.md" };
        var shown = documents.SelectMany(file => Snippets().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))))
            .Select(match => Bare(match.Groups[1].Value)).ToArray();

        Assert.NotEmpty(shown);
        Assert.All(shown, snippet => Assert.Contains(snippet, compiled, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheExampleTalks()
    {
        var (tokens, lines) = (new ConcurrentQueue<ChatToken>(), new ConcurrentQueue<string>());
        await using var bob = await servers.StartMemberAsync(_ct, servers.B);
        await bob.OnlineAsync(_ct);
        var alice = ClientServers.NewRegistration();

        var file = Path.Combine(_folder.FullName, "alice");
        var talking = DocumentedSnippets.TalkAsync(servers.A, alice, bob.Name, file, SaveAsync, Show, _ct);
        await bob.HasAsync(1, _ct);
        await bob.Connection.SendAsync(alice.Username, "well?", cancellationToken: _ct);
        await bob.Connection.SendAsync(alice.Username, "bye", cancellationToken: _ct);
        await talking;

        Assert.Equal(["hello"], bob.Texts);
        Assert.Equal(["#1 hello", $"#2 {bob.Name}: well?", $"#3 {bob.Name}: bye"], lines);
        Assert.Single(tokens);
        await using var store = new FileChatStore(file);
        Assert.Equal(3, (await store.LoadAsync(_ct)).Cursor?.Seq);

        void Show(string line) => lines.Enqueue(line);
        ValueTask SaveAsync(ChatToken token, CancellationToken cancellationToken)
        {
            tokens.Enqueue(token);
            return ValueTask.CompletedTask;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // Ignores indentation, which differs.
    private static string Bare(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippets();
}
