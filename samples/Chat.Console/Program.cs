using Chat.Console;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(ConsoleArguments.Usage);
    return 0;
}

if (!ConsoleArguments.TryRead(args, out var arguments, out var fault))
{
    Console.Error.WriteLine($"{fault}\n\n{ConsoleArguments.Usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
return await Chatting.RunAsync(arguments, stop.Token);
