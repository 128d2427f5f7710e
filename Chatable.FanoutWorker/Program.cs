using Chatable.FanoutWorker;
using Chatable.FanoutWorker.DeadLetters;
using Chatable.FanoutWorker.Epochs;
using Chatable.Messaging;
using Chatable.ServiceDefaults;

if (args is ["dlq", .. var command])
    return await DlqCommand.RunAsync(command);
if (args is ["new-epoch", .. var epochs])
    return await NewEpochCommand.RunAsync(epochs);
if (args is [HealthCommand.Name])
    return await HealthCommand.RunAsync();

// Settings are read from the program's directory, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.AddServiceDefaults();
builder.AddNpgsqlDataSource("chatdb", settings => settings.DisableHealthChecks = true, DatabasePool.AtMost(20));
builder.AddRedisClient("redis", configureOptions: RedisBacklog.FailFast);
builder.AddFanout();

var app = builder.Build();

app.MapDefaultEndpoints();

app.Run();
return Environment.ExitCode;
