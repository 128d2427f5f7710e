using Chatable.ApiService.Accounts;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Conversations;
using Chatable.ApiService.Delivery;
using Chatable.ApiService.Http;
using Chatable.ApiService.Messages;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Sending;
using Chatable.ApiService.Sync;
using Chatable.ApiService.Threads;
using Chatable.Messaging;
using Chatable.ServiceDefaults;

if (args is [HealthCommand.Name])
    return await HealthCommand.RunAsync();

// Settings are read from the program's directory, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddServiceDefaults();
// A small pool: the driver uses all its connections in turn, and PostgreSQL is slower with many cold sessions. Half are for log reads.
builder.AddNpgsqlDataSource("chatdb", settings => settings.DisableHealthChecks = true, DatabasePool.AtMost(8));
builder.AddRedisClient("redis", configureOptions: RedisBacklog.FailFast);
builder.AddApiHttp();
builder.AddAuth();
builder.AddSending();
builder.AddDelivery();
builder.AddAccounts();
builder.AddThreads();
builder.AddRealtime();
builder.AddMessages();
builder.AddSync();
builder.AddConversations();

var app = builder.Build();
app.UseApiHttp();
app.UseAuth();
app.MapDefaultEndpoints();
app.MapApiDocument();
app.MapAccounts();
app.MapThreads();
app.MapRealtime();
app.MapMessages();
app.MapSync();
app.MapConversations();
app.Run();
return Environment.ExitCode;
