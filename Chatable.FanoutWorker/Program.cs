using Chatable.FanoutWorker;
using Chatable.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDataSource("chatdb");
builder.AddRedisClient("redis");
builder.AddFanout();

var app = builder.Build();

app.MapDefaultEndpoints();

app.Run();
