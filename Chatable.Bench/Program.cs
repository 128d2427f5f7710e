using Chatable.Bench.CommandLine;

return await BenchCommand.InvokeAsync(args);
