using Chatable.Client;
using Chatable.Tests.Delivery;
using Chatable.Tests.Support;
using ChatToken = Chatable.Client.ChatToken;

namespace Chatable.Tests.Client;

/// <summary>Servers, with client library instances for them.</summary>
public class ClientServers(PostgresServer postgres) : ChatServers(postgres)
{
    /// <summary>A client of server A.</summary>
    public ChatableClient Library { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Library = new ChatableClient(new ChatableClientOptions { Url = A });
    }

    /// <summary>A new user.</summary>
    public async Task<(string Name, ChatToken Token)> RegisterAsync(CancellationToken cancellationToken)
    {
        var registration = NewRegistration();
        return (registration.Username, await Library.Accounts.RegisterAsync(registration, cancellationToken));
    }

    public static ChatRegistration NewRegistration()
    {
        var fields = ChatClient.RegistrationOf(ChatClient.NewName());
        return new ChatRegistration(fields["username"], fields["password"], fields["email"], fields["phone"], "Bob", "Bobson");
    }

    /// <summary>A new user with a connection.</summary>
    internal async Task<Member> StartMemberAsync(CancellationToken cancellationToken, params Uri[] addresses)
    {
        var (name, token) = await RegisterAsync(cancellationToken);
        return await Member.StartAsync(name, token, new InMemoryChatStore(), addresses, cancellationToken);
    }

    /// <summary>Runs SQL as the administrator of the database.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
