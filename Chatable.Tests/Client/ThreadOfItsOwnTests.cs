using System.Collections.Concurrent;
using Chatable.Client;

namespace Chatable.Tests.Client;

/// <summary>An application that blocks its only thread, such as a UI thread, to wait for the library.</summary>
public sealed class ThreadOfItsOwnTests(ClientServers servers) : IClassFixture<ClientServers>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ItNeedsNotTheThreadThatCallsIt()
    {
        var registration = ClientServers.NewRegistration();
        var window = new Window();
        await window.RunAsync(() =>
        {
            using var client = new ChatableClient(new ChatableClientOptions { Url = servers.A });
            var token = Wait(client.Accounts.RegisterAsync(registration, _ct));
            var credentials = new ChatCredentials(Wait(client.Accounts.RefreshAsync(token, _ct)));
            var connection = client.CreateConnection(credentials, new InMemoryChatStore());
            connection.StartAsync(_ct).WaitAsync(_ct).Wait(_ct);
            var sent = Wait(connection.SendAsync(registration.Username, "hello", cancellationToken: _ct));

            var history = client.History(credentials);
            var conversations = history.ConversationsAsync(_ct).GetAsyncEnumerator(_ct);
            Assert.True(Wait(conversations.MoveNextAsync().AsTask()));
            Assert.Equal(sent.Conversation, conversations.Current.Id);
            var messages = history.MessagesAsync(sent.Conversation, 0, _ct).GetAsyncEnumerator(_ct);
            Assert.True(Wait(messages.MoveNextAsync().AsTask()));
            Assert.Equal("hello", messages.Current.Text);
            var received = connection.ReceiveAsync(_ct).GetAsyncEnumerator(_ct);
            var receiving = received.MoveNextAsync().AsTask();
            connection.DisposeAsync().AsTask().Wait(_ct);
            Assert.False(Wait(receiving));
        }).WaitAsync(TimeSpan.FromSeconds(60), _ct);

        Assert.Equal(0, window.Posts);
    }

    private T Wait<T>(Task<T> task)
    {
        task.Wait(_ct);
        return task.Result;
    }

    /// <summary>A UI thread: it runs posted callbacks after its current work.</summary>
    private sealed class Window : SynchronizationContext
    {
        private readonly BlockingCollection<Action> _posted = [];

        private int _posts;

        public int Posts => Volatile.Read(ref _posts);

        public override void Post(SendOrPostCallback callback, object? state)
        {
            Interlocked.Increment(ref _posts);
            _posted.TryAdd(() => callback(state));
        }

        public Task RunAsync(Action action)
        {
            var done = new TaskCompletionSource();
            var thread = new Thread(() =>
            {
                SetSynchronizationContext(this);
                try
                {
                    action();
                    done.SetResult();
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
            })
            { IsBackground = true };
            thread.Start();
            return done.Task;
        }
    }
}
