using Chatable.ApiService.Accounts;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Conversations;
using Chatable.ApiService.Http;
using Chatable.ApiService.Messages;
using Chatable.ApiService.Realtime;
using Chatable.ApiService.Sync;
using Chatable.ApiService.Threads;
using Chatable.Messaging;
using Chatable.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
// Three of them and a worker stay within the 100 connections of a PostgreSQL as it comes.
builder.AddNpgsqlDataSource("chatdb", configureDataSourceBuilder: DatabasePool.AtMost(24));
builder.AddRedisClient("redis", configureOptions: RedisBacklog.FailFast);
builder.AddApiHttp();
builder.AddAuth();
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
