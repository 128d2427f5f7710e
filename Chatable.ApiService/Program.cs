using Chatable.ApiService.Accounts;
using Chatable.ApiService.Auth;
using Chatable.ApiService.Http;
using Chatable.ApiService.Realtime;
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

var app = builder.Build();
app.UseApiHttp();
app.UseAuth();
app.MapDefaultEndpoints();
app.MapApiDocument();
app.MapAccounts();
app.MapThreads();
app.MapRealtime();
app.Run();
