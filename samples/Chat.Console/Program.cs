using Chat.Console;

if (!ConsoleArguments.TryRead(args, out var arguments))
{
    Console.Error.WriteLine(ConsoleArguments.Usage);
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
return await Chatting.RunAsync(arguments, stop.Token);
