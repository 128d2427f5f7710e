using Chatable.FanoutWorker;
using Chatable.Messaging;
using Chatable.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDataSource("chatdb", configureDataSourceBuilder: DatabasePool.AtMost(20));
builder.AddRedisClient("redis", configureOptions: RedisBacklog.FailFast);
builder.AddFanout();

var app = builder.Build();

app.MapDefaultEndpoints();

app.Run();
