using System.Net;
using Chatable.Bench.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chatable.Bench.References;

/// <summary>
/// What a .NET team writes first: a hub, the Redis backplane, one INSERT for each message before it is sent on. The result of the call
/// is the ack.
/// </summary>
internal static class SignalRServer
{
    /// <summary>The table of <see cref="ChatHub"/>, with the indexes a history and an inbox cannot do without.</summary>
    public const string Schema = """
        CREATE TABLE messages (
            id         uuid PRIMARY KEY,
            author     text NOT NULL,
            recipient  text NOT NULL,
            body       text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX messages_author_idx ON messages (author, created_at);
        CREATE INDEX messages_recipient_idx ON messages (recipient, created_at);
        """;

    public static WebApplication Create(ReferenceOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));
        if (options.Postgres is { } database)
            builder.Services.AddSingleton(NpgsqlDataSource.Create($"{database};Max Auto Prepare=10"));
        builder.Services.AddSingleton<IUserIdProvider, UserOfTheQuery>();
        builder.Services.AddSignalR().AddStackExchangeRedis(
            options.Redis ?? throw new ArgumentException("The backplane needs --redis.", nameof(options)));
        var app = builder.Build();
        app.MapHub<ChatHub>("/chat");
        return app;
    }

    private sealed class UserOfTheQuery : IUserIdProvider
    {
        public string? GetUserId(HubConnectionContext connection) => connection.GetHttpContext()?.Request.Query["user"];
    }

    private sealed class ChatHub(IServiceProvider services) : Hub
    {
        private const string Insert = "INSERT INTO messages (id, author, recipient, body) VALUES ($1, $2, $3, $4)";

        /// <summary>Answered once everything of the connection is in place.</summary>
        public bool Join() => Context.UserIdentifier is not null;

        public async Task<string> Send(string recipient, string id, string text)
        {
            if (services.GetService<NpgsqlDataSource>() is { } database)
            {
                await using var command = database.CreateCommand(Insert);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.Parse(id) });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Context.UserIdentifier! });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = recipient });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
                await command.ExecuteNonQueryAsync(Context.ConnectionAborted);
            }

            await Clients.User(recipient).SendAsync("message", text, Context.ConnectionAborted);
            return id;
        }
    }
}
