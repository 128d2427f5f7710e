using Chatable.MigrationService;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Hosting;

// Settings are read from the program's directory, wherever it is started from.
var builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.AddServiceDefaults();
builder.AddMigrations();

using var host = builder.Build();
return await host.RunMigrationsAsync();
