using Chatable.MigrationService;
using Chatable.ServiceDefaults;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);

builder.AddServiceDefaults();
builder.AddMigrations();

using var host = builder.Build();
return await host.RunMigrationsAsync();
