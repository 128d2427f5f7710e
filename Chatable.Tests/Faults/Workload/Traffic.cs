using Chatable.Client;
using Chatable.Tests.Faults.Checker;
using Chatable.Tests.Faults.Cluster;
using Chatable.Tests.Faults.History;
using Chatable.Tests.Support;
using ChatToken = Chatable.Tests.Support.ChatToken;

namespace Chatable.Tests.Faults.Workload;

/// <param name="Users">How many users write to each other and to themselves.</param>
/// <param name="SecondDevices">How many users have a second device, which also reads and writes.</param>
/// <param name="LibraryDevices">
/// How many users have a device on the client library as well, alternately with a store in memory and in a file.
/// </param>
/// <param name="MessagesPerSecond">Over sockets, in total.</param>
/// <param name="Seed">Determines who writes what to whom.</param>
internal sealed record TrafficSettings(
    int Users = 6, int SecondDevices = 2, int LibraryDevices = 2, int MessagesPerSecond = 100, int Seed = 1)
{
    /// <summary>How long a device waits for an ack on a live connection before it sends again.</summary>
    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Every nth acked message is read over REST at once.</summary>
    public int ReadEvery { get; init; } = 50;

    /// <summary>As with the other devices, the waits are shorter than a real client's, and each carries the load of many.</summary>
    public ChatableClientOptions LibraryOptions(FaultCluster cluster)
    {
        var options = new ChatableClientOptions
        {
            Connection =
            {
                SendsPerSecond = 1000,
                SendBurst = 1000,
                AckTimeout = AckTimeout < TimeSpan.FromMinutes(10) ? AckTimeout : TimeSpan.FromMinutes(10),
                ConnectTimeout = TimeSpan.FromSeconds(5),
                SendTimeout = TimeSpan.FromSeconds(5),
                KeepAlive = TimeSpan.FromSeconds(4),
                MaxReconnectDelay = TimeSpan.FromSeconds(3),
                SpreadDelay = TimeSpan.FromSeconds(1),
            },
        };
        foreach (var api in cluster.Apis)
            options.Urls.Add(api.Address);
        return options;
    }
}

/// <summary>
/// The load during faults: devices on random servers that write to each other, repeated acked messages, some of them over REST, and reads
/// of messages that were just acked.
/// </summary>
internal sealed class Traffic : IAsyncDisposable
{
    private const int UnackedLimit = 300;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(10);
    private const string SecondDevice = "desk";

    private readonly FaultCluster _cluster;
    private readonly TrafficSettings _settings;
    private readonly Random _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly RestPort _port = new();
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("chatable-devices-");
    private Task _running = Task.CompletedTask;
    private volatile bool _repeats = true;

    private Traffic(FaultCluster cluster, EventLog history, TrafficSettings settings)
    {
        (_cluster, History, _settings) = (cluster, history, settings);
        _random = new Random(settings.Seed);
        Rest = new RestTraffic(_port, AnyServer, history, settings.ReadEvery);
    }

    public EventLog History { get; }

    public IReadOnlyList<ChatUser> Users { get; private set; } = [];

    public IReadOnlyList<RecordingDevice> Devices { get; private set; } = [];

    public IReadOnlyList<LibraryDevice> LibraryDevices { get; private set; } = [];

    public IEnumerable<IDevice> AllDevices => [.. Devices, .. LibraryDevices];

    /// <summary>Errors that no fault of the cluster excuses.</summary>
    public IEnumerable<string> Surprises => [.. Rest.Surprises, .. LibraryDevices.SelectMany(device => device.Surprises)];

    public RestTraffic Rest { get; }

    public RestPort Port => _port;

    /// <summary>Messages written over sockets so far.</summary>
    public int Written { get; private set; }

    public static async Task<Traffic> StartAsync(
        FaultCluster cluster, EventLog history, TrafficSettings settings, CancellationToken cancellationToken)
    {
        var traffic = new Traffic(cluster, history, settings);
        using var client = new ChatClient(cluster.Apis[0].Address);
        List<ChatUser> users = [];
        for (var i = 0; i < settings.Users; i++)
            users.Add(await client.RegisterAsync(cancellationToken));
        traffic.Users = users;
        traffic.Devices =
        [
            .. users.Select(user => traffic.CreateDevice(user, "phone")),
            // With their own tokens, so that one can be revoked.
            .. await Task.WhenAll(users.Take(settings.SecondDevices).Select(async user => traffic.CreateDevice(
                user with { Token = await client.LogInAsync(user.Username, user.Password, cancellationToken) }, SecondDevice))),
        ];
        traffic.LibraryDevices = await Task.WhenAll(
            users.TakeLast(settings.LibraryDevices).Select((user, i) => traffic.CreateLibraryDeviceAsync(user, i, cancellationToken)));
        foreach (var device in traffic.AllDevices)
            device.Start();
        return traffic;
    }

    /// <summary>Starts writing.</summary>
    public void Begin() => _running = Task.WhenAll(Task.Run(WriteAsync), Task.Run(() => Rest.RunAsync(Users, _random.Next(), _stop.Token)));

    /// <summary>
    /// From now on, no acked message is repeated, and its client ID is not reused: if the acked message is lost, either would be a new
    /// message.
    /// </summary>
    public void EndRepeats()
    {
        _repeats = false;
        foreach (var device in Devices)
            device.ForgetAcked();
    }

    /// <summary>Stops writing; written messages are still sent.</summary>
    public async Task QuietAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public RecordingDevice CreateDevice(ChatUser user, string name, Func<Uri>? server = null)
    {
        var device = new RecordingDevice(name, user, server ?? AnyServer, LogInAsync, History, _settings.AckTimeout);
        device.Acked += (conversation, seq) => Rest.NoticeAck(device, conversation, seq);
        return device;
    }

    private Task<LibraryDevice> CreateLibraryDeviceAsync(ChatUser user, int number, CancellationToken cancellationToken)
    {
        var crashes = number % 2 == 0
            ? null
            : new LibraryDevice.Crashes(
                Path.Combine(_files.FullName, user.Username), new Random(_settings.Seed + number), _stop.Token);
        return LibraryDevice.CreateAsync(
            crashes is null ? "memory" : "file", user, _settings.LibraryOptions(_cluster), History, crashes, cancellationToken);
    }

    public Uri AnyServer() => _cluster.Apis[Random.Shared.Next(_cluster.Apis.Count)].Address;

    /// <summary>Revokes the token of a second device's connection, and records when the server has confirmed it.</summary>
    public async Task RevokeOneAsync(CancellationToken cancellationToken)
    {
        var device = Devices.Last(device => device.Proc.EndsWith(SecondDevice, StringComparison.Ordinal));
        using var client = new ChatClient(AnyServer());
        var (connection, token) = (device.Connection, device.Token);
        try
        {
            var answer = await client.SendAsync(HttpMethod.Delete, "/api/auth_token", token.ToJwt(), cancellationToken);
            if (answer.Status == 200 && connection is not null)
                History.Add(t => new HistoryEvent(t, device.Proc, device.User.Username, Known.Ok, Op.Revoke, connection));
        }
        catch (Exception exception) when (exception is HttpRequestException or System.Text.Json.JsonException)
        {
            // Not confirmed, so nothing is guaranteed.
        }
    }

    public IReadOnlyList<Device> Parties => [.. AllDevices.Select(device => new Device(device.Proc, device.User.Username))];

    /// <summary>Logs in again until the server stops answering 503: an unavailable database may have left it dead connections.</summary>
    public async Task<ChatToken> LogInAsync(ChatUser user, CancellationToken cancellationToken)
    {
        Dictionary<string, string> form = new() { ["username"] = user.Username, ["password"] = user.Password };
        while (true)
        {
            using var client = new ChatClient(AnyServer());
            var answer = await client.PostAsync("/api/auth_token", form, cancellationToken);
            if (answer.Status == 200)
                return ChatToken.From(answer.Item);
            if (answer.Status != 503)
                throw new InvalidOperationException($"Not logged in: {answer.Envelope}");
            await Task.Delay(s_tick, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await QuietAsync();
        foreach (var device in AllDevices)
            await device.DisposeAsync();
        _files.Delete(recursive: true);
        await Rest.DisposeAsync();
        _port.Dispose();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        using var timer = new PeriodicTimer(s_tick);
        var began = Environment.TickCount64;
        var due = 0;
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            for (; due < (Environment.TickCount64 - began) * _settings.MessagesPerSecond / 1000; due++)
                WriteOne();
        }
    }

    private void WriteOne()
    {
        var place = _random.Next(Devices.Count + LibraryDevices.Count);
        IDevice writer = place < Devices.Count ? Devices[place] : LibraryDevices[place - Devices.Count];
        if (writer.Unacked >= UnackedLimit)
            return;
        writer.Write(Users[_random.Next(Users.Count)].Username, Body());
        Written++;
        // The library decides itself what it sends again.
        if (!_repeats || writer is not RecordingDevice device)
            return;
        if (_random.Next(50) == 0)
            device.RepeatOne();
        if (_random.Next(100) == 0 && device.TakeAcked() is { } again)
            Rest.Repeat(device, again);
        if (_random.Next(200) == 0 && device.TakeAcked() is { } taken)
            Rest.Reuse(device, taken);
    }

    // All different; some long, some with non-ASCII characters.
    private string Body()
    {
        var filling = _random.Next(20) switch
        {
            0 => new string('x', _random.Next(4000)),
            1 => "Zwölf Boxkämpfer jagen 🥊 \"Viktor\" \\ \t über den großen Sylter Deich",
            _ => "hello",
        };
        return $"{_random.NextInt64():x16} {filling}";
    }
}
