using System.Net.Sockets;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Tests.Wire.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Members;
using Xunit.Abstractions;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Http2;

/// <summary>The connections that never reach Kestrel: by bytes of our own, right and wrong ones.</summary>
public sealed class LeanServerTests(ITestOutputHelper output) : IAsyncLifetime
{
    // Kestrel takes no shorter ones.
    private static readonly GrpcLimits s_limits = GrpcLimits.Default with { PingInterval = TimeSpan.FromSeconds(1), PingTimeout = TimeSpan.FromSeconds(1) };

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly RecordingHost _host = new();
    private GrpcServer _server = null!;

    public async Task InitializeAsync() => _server = await _host.StartAsync(limits: null, s_limits);

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _patience.Dispose();
        Assert.True(_host.Bugs.IsEmpty, string.Join("\n", _host.Bugs));
    }

    [Fact]
    public async Task The_opening_may_come_byte_by_byte()
    {
        using Socket socket = await ConnectAsync();
        foreach (byte b in Opening())
        {
            await socket.SendAsync((byte[])[b], _patience.Token);
            await Task.Yield();
        }
        Assert.True(await ReadsAsync(socket, "distbp-admits"u8.ToArray()));
    }

    [Fact]
    public async Task A_client_that_answers_pings_stays()
    {
        await using Http2Call call = await CallAsync();
        Assert.True(await call.ReadAsync(new byte[1000], _patience.Token) > 0);
        Task<int> reading = call.ReadAsync(new byte[1000], _patience.Token).AsTask();
        await Task.Delay(2 * (s_limits.PingInterval + s_limits.PingTimeout));
        Assert.False(reading.IsCompleted);
        Assert.False(_host.Ended.Task.IsCompleted);
        await call.CompleteAsync(_patience.Token);
        Assert.Equal(0, await reading);
        Assert.Null(await _host.Ended.Task.WaitAsync(_patience.Token));
    }

    [Fact]
    public async Task A_silent_client_is_given_up()
    {
        // It answers pings only while it reads.
        await using Http2Call call = await CallAsync();
        RpcException? why = await _host.Ended.Task.WaitAsync(_patience.Token);
        Assert.Equal(StatusCode.Cancelled, why!.Status);
        Assert.Contains("silent", why.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_lives_and_never_calls_is_given_up()
    {
        using Socket socket = await ConnectAsync();
        await socket.SendAsync(Opening().AsMemory(0, LeanServer.Preface.Length + FrameHeader.Bytes + 6), _patience.Token);
        Task<bool> ended = ReadsAsync(socket, []);
        try
        {
            while (!ended.IsCompleted)
            {
                await Task.Delay(100, _patience.Token);
                await socket.SendAsync(Frame(FrameType.WindowUpdate, 0, 0, [0, 0, 0, 1]), _patience.Token);
            }
        }
        catch (SocketException)
        {
            // It was closed in between.
        }
        await ended;
    }

    [Fact]
    public async Task A_client_that_vanishes_is_noticed_at_once()
    {
        Http2Call call = await CallAsync();
        Assert.True(await call.ReadAsync(new byte[1000], _patience.Token) > 0);
        await call.DisposeAsync();
        Assert.Equal(StatusCode.Cancelled, (await _host.Ended.Task.WaitAsync(_patience.Token))!.Status);
    }

    [Fact]
    public async Task Another_path_is_UNIMPLEMENTED()
    {
        await using Http2Call call = await Http2Call.StartAsync(_server.Address, "/no/such", Secret, s_limits, _patience.Token, asksLean: true);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync(new byte[1000], _patience.Token));
        Assert.Equal(StatusCode.Unimplemented, e.Status);
    }

    [Fact]
    public async Task A_wrong_secret_is_told_and_nothing_is_taken()
    {
        await using Http2Call call = await Http2Call.StartAsync(_server.Address, DeliveryService.Path, Metadata.Empty, s_limits, _patience.Token, asksLean: true);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync(new byte[1000], _patience.Token));
        Assert.Equal(StatusCode.Unauthenticated, e.Status);
    }

    [Fact]
    public async Task Wrong_frames_end_their_connection_and_never_the_server()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. Opening(), .. Frame(FrameType.Data, 0, 1, new byte[40]), .. Frame(FrameType.Ping, 0, 0, new byte[8]), .. Frame(FrameType.WindowUpdate, 0, 0, new byte[4])];
            for (int i = random.Next(1, 4); i > 0; i--) bytes[random.Next(LeanServer.Preface.Length + FrameHeader.Bytes + 6, bytes.Length)] = (byte)random.Next(256);
            using Socket socket = await ConnectAsync();
            await socket.SendAsync(bytes, _patience.Token);
            socket.Shutdown(SocketShutdown.Send);
            output.WriteLine($"seed {seed}");
            // Until the server closes it.
            await ReadsAsync(socket, []);
        }
        await using NodeLink link = await NodeLink.ConnectAsync(_server.Address, "b", Secret, s_limits, _ => { }, _patience.Token);
        link.Send(new Contract.Envelope { RequestHalt = new() }, []);
        await _host.NextAsync(_patience.Token);
    }

    [Fact]
    public async Task Who_looks_takes_what_comes_himself()
    {
        var attendance = new Attendance(1);
        _host.Attendance = attendance;
        int looking = 0, others = 0, me = 0;
        _host.Wanted = (_, _, count) =>
        {
            if (Environment.CurrentManagedThreadId == Volatile.Read(ref me)) looking++;
            else others++;
            return new TensorTarget(new byte[count], Contract.Encoding.Int8);
        };
        await using NodeLink link = await NodeLink.ConnectAsync(_server.Address, "b", Secret, s_limits, _ => { }, _patience.Token);
        attendance.Enter();
        var thread = new Thread(() =>
        {
            Volatile.Write(ref me, Environment.CurrentManagedThreadId);
            for (int i = 0; i < 100; i++)
            {
                Send(link, 100_000);
                while (!_host.HasDelivered && !_patience.IsCancellationRequested) attendance.Look();
                if (!_host.NextAsync(_patience.Token).AsTask().IsCompletedSuccessfully) return;
            }
        });
        thread.Start();
        thread.Join();
        attendance.Leave();
        output.WriteLine($"{looking} by who looks, {others} by the connection's own thread");
        Assert.Equal(100, looking + others);
        Assert.True(looking > others, $"the connection's own thread took {others} of 100");
    }

    [Fact]
    public async Task What_comes_while_nobody_has_time_to_look_is_taken_by_the_connections_own_thread()
    {
        var attendance = new Attendance(1);
        _host.Attendance = attendance;
        attendance.Enter();
        await using NodeLink link = await NodeLink.ConnectAsync(_server.Address, "b", Secret, s_limits, _ => { }, _patience.Token);
        for (int i = 0; i < 20; i++)
        {
            Send(link, 3 << 20);
            Assert.Equal(3 << 20, (await _host.NextAsync(_patience.Token)).Tensors[0].ByteCount);
        }
    }

    [Fact]
    public async Task What_a_look_finds_wrong_ends_the_call_with_its_status()
    {
        var attendance = new Attendance(1);
        _host.Attendance = attendance;
        attendance.Enter();
        await using Http2Call call = await CallAsync();
        Assert.True(await call.ReadAsync(new byte[1000], _patience.Token) > 0);
        // A message that says that it is compressed, which was not agreed.
        await call.WriteAsync((byte[])[1, 0, 0, 0, 2, 10, 0], default, _patience.Token);
        while (!_host.Ended.Task.IsCompleted && !_patience.IsCancellationRequested) attendance.Look();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ReadAsync(new byte[1000], _patience.Token) > 0)
            {
            }
        });
        Assert.Equal(StatusCode.Internal, e.Status);
        Assert.Contains("compressed", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Those_who_connect_and_say_nothing_keep_nobody_out()
    {
        var silent = new List<Socket>();
        try
        {
            for (int i = 0; i < 100; i++) silent.Add(await ConnectAsync());
            await using NodeLink link = await NodeLink.ConnectAsync(_server.Address, "b", Secret, s_limits, _ => { }, _patience.Token);
            Send(link, 1000);
            Assert.Equal(1000, (await _host.NextAsync(_patience.Token)).Tensors[0].ByteCount);
        }
        finally
        {
            foreach (Socket socket in silent) socket.Dispose();
        }
    }

    private static void Send(NodeLink link, int bytes) =>
        link.Send(new Contract.Envelope { PushGradient = new() }, [new TensorBytes(new byte[bytes], Contract.Encoding.Int8)]);

    private static Metadata Secret => new() { { RecordingHost.SecretName, RecordingHost.Secret }, { "distbp-node", "distbp-admits" } };

    private Task<Http2Call> CallAsync() => Http2Call.StartAsync(_server.Address, DeliveryService.Path, Secret, s_limits, _patience.Token, asksLean: true);

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_server.Address, _patience.Token);
        return socket;
    }

    private static byte[] Opening()
    {
        var setting = new byte[6];
        Http2Call.Setting(setting, 0, LeanServer.Setting, 1);
        byte[] headers = HeaderBlock.WriteRequest("here", DeliveryService.Path, Secret);
        return [.. LeanServer.Preface, .. Frame(FrameType.Settings, 0, 0, setting), .. Frame(FrameType.Headers, FrameHeader.EndHeaders, 1, headers)];
    }

    private static byte[] Frame(FrameType type, byte flags, int stream, byte[] payload)
    {
        var header = new byte[FrameHeader.Bytes];
        new FrameHeader(payload.Length, type, flags, stream).Write(header);
        return [.. header, .. payload];
    }

    /// <returns>False: the connection has ended before <paramref name="wanted"/> came; nothing never comes.</returns>
    private async Task<bool> ReadsAsync(Socket socket, byte[] wanted)
    {
        var all = new List<byte>();
        var piece = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(piece, _patience.Token) is > 0 and var count)
            {
                all.AddRange(piece.AsSpan(0, count));
                if (wanted.Length > 0 && all.ToArray().AsSpan().IndexOf(wanted) >= 0) return true;
            }
        }
        catch (SocketException)
        {
            // Reset: it has ended too.
        }
        return false;
    }
}
