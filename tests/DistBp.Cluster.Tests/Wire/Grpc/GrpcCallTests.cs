using System.Net;
using System.Net.Http.Headers;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Grpc;

public sealed class GrpcCallTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly EchoService _service = new();
    private GrpcServer _server = null!;
    private GrpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await _service.StartAsync();
        _channel = new GrpcChannel(Address, GrpcLimits.Default);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    private Uri Address => new($"http://{_server.Address}");

    [Fact]
    public async Task A_unary_call_gives_one_response()
    {
        var request = new EchoRequest { Text = "größer", Payload = ByteString.CopyFrom(1, 2, 3) };
        EchoResponse response = await _channel.UnaryAsync(EchoService.Unary, request, timeout: s_patience);
        Assert.Equal(("größer", request.Payload), (response.Text, response.Payload));
    }

    [Fact]
    public async Task A_server_streams_any_number_of_responses()
    {
        foreach (int count in (int[])[0, 1, 100])
        {
            using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.ServerStream, timeout: s_patience);
            await call.WriteLastAsync(new EchoRequest { Text = "again", Count = count });
            for (int i = 0; i < count; i++) Assert.Equal(i, (await call.ReadAsync())!.Number);
            Assert.Null(await call.ReadAsync());
        }
    }

    [Fact]
    public async Task A_client_streams_any_number_of_requests()
    {
        foreach (int count in (int[])[0, 1, 100])
        {
            using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.ClientStream, timeout: s_patience);
            for (int i = 0; i < count; i++) await call.WriteAsync(new EchoRequest { Text = "x" });
            call.CompleteRequests();
            EchoResponse response = await call.ReadSingleAsync();
            Assert.Equal((count, new string('x', count)), (response.Number, response.Text));
        }
    }

    [Fact]
    public async Task Both_stream_in_turn()
    {
        using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.Duplex, timeout: s_patience);
        for (int i = 0; i < 50; i++)
        {
            await call.WriteAsync(new EchoRequest { Text = $"{i}" });
            EchoResponse response = (await call.ReadAsync())!;
            Assert.Equal((i, $"{i}"), (response.Number, response.Text));
        }
        call.CompleteRequests();
        Assert.Null(await call.ReadAsync());
    }

    [Fact]
    public async Task Many_calls_share_the_connection()
    {
        EchoResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            _channel.UnaryAsync(EchoService.Unary, new EchoRequest { Text = $"{i}" }, timeout: s_patience)));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), responses.Select(r => r.Text));
    }

    [Fact]
    public async Task A_message_of_several_MiB_arrives_whole()
    {
        var bytes = new byte[(4 << 20) - 100];
        new Random(1).NextBytes(bytes);
        EchoResponse response = await _channel.UnaryAsync(EchoService.Unary, new EchoRequest { Payload = ByteString.CopyFrom(bytes) }, timeout: s_patience);
        Assert.True(response.Payload.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_status_other_than_OK_arrives_with_its_message()
    {
        foreach (StatusCode status in Enum.GetValues<StatusCode>().Where(s => s != StatusCode.Ok))
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(
                EchoService.Unary, new EchoRequest { Status = (int)status, Text = "100 % größer\nas ever" }, timeout: s_patience));
            Assert.Equal((status, "100 % größer\nas ever"), (e.Status, e.Detail));
        }
    }

    [Fact]
    public async Task A_status_after_some_responses_arrives_too()
    {
        using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.Duplex, timeout: s_patience);
        await call.WriteAsync(new EchoRequest { Text = "well" });
        Assert.Equal("well", (await call.ReadAsync())!.Text);
        await call.WriteAsync(new EchoRequest { Text = "gone", Status = (int)StatusCode.NotFound });
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call.ReadAsync());
        Assert.Equal((StatusCode.NotFound, "gone"), (e.Status, e.Detail));
        RpcException late = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (true) await call.WriteAsync(new EchoRequest { Text = "late" });
        });
        Assert.True(late.Status is StatusCode.NotFound or StatusCode.Cancelled, late.Message);
    }

    [Fact]
    public async Task A_call_that_the_server_ends_before_a_request_is_written_tells_the_writer()
    {
        // No deadline: it is the end of the call that must wake who waits to write.
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Task.Run(async () =>
        {
            using var channel = new GrpcChannel(Address, GrpcLimits.Default);
            using ClientCall<EchoRequest, EchoResponse> call = channel.Call(EchoService.Duplex, new Metadata { { "refuse", "at once" } });
            RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                await call.WriteAsync(new EchoRequest { Text = "late" });
                await call.ReadAsync();
            });
            Assert.Equal(StatusCode.PermissionDenied, e.Status);
        }))).WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_call_that_ends_while_one_writes_and_another_reads_ends_for_both_with_its_status()
    {
        for (int round = 0; round < 50; round++)
        {
            using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.Duplex, timeout: s_patience);
            Task<RpcException> reading = Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await call.ReadAsync() is not null)
                {
                }
            });
            var request = new EchoRequest { Payload = ByteString.CopyFrom(new byte[40_000]) };
            for (int i = 0; i < round % 10; i++) await call.WriteAsync(request);
            await call.WriteAsync(new EchoRequest { Text = "enough", Status = (int)StatusCode.Aborted });
            RpcException written = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (true) await call.WriteAsync(request);
            });
            Assert.Equal((StatusCode.Aborted, "enough"), ((await reading).Status, (await reading).Detail));
            Assert.True(written.Status is StatusCode.Aborted or StatusCode.Cancelled, written.ToString());
        }
    }

    [Fact]
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(
            EchoService.Unary, new EchoRequest { DelayMilliseconds = 60_000 }, timeout: TimeSpan.FromSeconds(3)));
        Assert.Equal(StatusCode.DeadlineExceeded, e.Status);
        await _service.Cancelled.Task.WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_cancelled_call_ends_on_both_sides()
    {
        using var cancellation = new CancellationTokenSource();
        using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.ServerStream, cancellation: cancellation.Token);
        await call.WriteLastAsync(new EchoRequest { Count = 2, DelayMilliseconds = 60_000 });
        ValueTask<EchoResponse?> reading = call.ReadAsync();
        await _service.Waiting.Task.WaitAsync(s_patience);
        await cancellation.CancelAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await reading);
        Assert.Equal(StatusCode.Cancelled, e.Status);
        await _service.Cancelled.Task.WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_call_that_is_disposed_of_is_cancelled_on_the_server()
    {
        ClientCall<EchoRequest, EchoResponse> call = _channel.Call(EchoService.Duplex);
        await call.WriteAsync(new EchoRequest { Text = "there" });
        Assert.NotNull(await call.ReadAsync());
        await call.WriteAsync(new EchoRequest { DelayMilliseconds = 60_000 });
        call.Dispose();
        await _service.Cancelled.Task.WaitAsync(s_patience);
    }

    [Fact]
    public async Task Metadata_travel_both_ways()
    {
        byte[] bytes = [0, 255, 10, 13, 128];
        using ClientCall<EchoRequest, EchoResponse> call = _channel.Call(
            EchoService.Unary, new Metadata { { "echo", "a value" }, { "echo-bin", bytes } }, s_patience);
        await call.WriteLastAsync(new EchoRequest());
        Assert.Equal("a value", (await call.HeadersAsync()).Get("echo"));
        await call.ReadSingleAsync();
        Assert.Equal(bytes, call.Trailers.GetBytes("echo-bin"));
    }

    [Fact]
    public async Task A_message_above_the_limit_is_refused_by_the_server()
    {
        await using GrpcServer strict = await _service.StartAsync(GrpcLimits.Default with { MaxMessageBytes = 1000 });
        using var channel = new GrpcChannel(new Uri($"http://{strict.Address}"), GrpcLimits.Default);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(
            EchoService.Unary, new EchoRequest { Payload = ByteString.CopyFrom(new byte[2000]) }, timeout: s_patience));
        Assert.Equal(StatusCode.ResourceExhausted, e.Status);
        Assert.Contains("1000", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_above_the_limit_is_refused_by_the_client()
    {
        using var strict = new GrpcChannel(Address, GrpcLimits.Default with { MaxMessageBytes = 1000 });
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => strict.UnaryAsync(
            EchoService.Unary, new EchoRequest { Payload = ByteString.CopyFrom(new byte[2000]) }, timeout: s_patience));
        Assert.Equal(StatusCode.ResourceExhausted, e.Status);
    }

    [Fact]
    public async Task A_bug_in_a_method_ends_the_call_and_is_reported_and_the_server_goes_on()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(
            EchoService.Unary, new EchoRequest { Text = EchoService.Bug }, timeout: s_patience));
        Assert.Equal(StatusCode.Unknown, e.Status);
        Assert.DoesNotContain("a bug in", e.Detail, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(Assert.Single(_service.Bugs));
        Assert.Equal("on", (await _channel.UnaryAsync(EchoService.Unary, new EchoRequest { Text = "on" }, timeout: s_patience)).Text);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_UNAVAILABLE_and_names_it()
    {
        IPEndPoint address = _server.Address;
        await _server.DisposeAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(EchoService.Unary, new EchoRequest(), timeout: s_patience));
        Assert.Equal(StatusCode.Unavailable, e.Status);
        Assert.Contains(address.ToString(), e.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "/distbp.tests.Echo/Unary", null, "", 415, null)]
    [InlineData("application/grpc", "/distbp.tests.Echo/None", null, "", 200, "12")]
    [InlineData("application/grpc", "/none", null, "", 200, "12")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", "grpc-encoding: gzip", "", 200, "12")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", "grpc-timeout: soon", "", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "0000000005FF", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "0000000003FFFFFF", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "01000000020A00", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "07000000020A00", 200, "13")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "00FFFFFFFF", 200, "8")]
    [InlineData("application/grpc", "/distbp.tests.Echo/Unary", null, "00000000000000000000", 200, "13")]
    [InlineData("application/grpc+proto", "/distbp.tests.Echo/Unary", null, "0000000000", 200, "0")]
    public async Task What_is_not_as_it_should_be_gets_the_status_that_gRPC_gives(
        string contentType, string path, string? header, string body, int http, string? status)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Convert.FromHexString(body)) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } },
        };
        if (header?.Split(": ") is [var name, var value]) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await client.SendAsync(request).WaitAsync(s_patience);
        await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(http, (int)response.StatusCode);
        Assert.Equal(status, (response.TrailingHeaders.TryGetValues("grpc-status", out var values)
            || response.Headers.TryGetValues("grpc-status", out values)) ? values.Single() : null);
    }
}
