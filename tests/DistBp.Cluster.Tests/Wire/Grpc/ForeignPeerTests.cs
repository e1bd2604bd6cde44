using System.Diagnostics;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Grpc;

/// <summary>Our client against Python's server, and Python's client against our server.</summary>
public sealed class ForeignPeerTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly string _descriptor = Path.GetTempFileName();

    public ForeignPeerTests() => File.WriteAllBytes(_descriptor, EchoReflection.Descriptor.SerializedData.ToByteArray());

    public void Dispose() => File.Delete(_descriptor);

    [ForeignPeerFact]
    public async Task A_foreign_client_finds_every_kind_of_call_on_our_server()
    {
        var service = new EchoService();
        await using GrpcServer server = await service.StartAsync();
        using Process client = Start("call", server.Address.ToString());
        Task<string> output = client.StandardOutput.ReadToEndAsync(), errors = client.StandardError.ReadToEndAsync();
        await client.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(await output == "ok\n", await errors);
        Assert.Empty(service.Bugs);
    }

    [ForeignPeerFact]
    public async Task Our_client_finds_every_kind_of_call_on_a_foreign_server()
    {
        using Process server = Start("serve");
        try
        {
            string port = (await server.StandardOutput.ReadLineAsync().WaitAsync(s_patience))!;
            using var channel = new GrpcChannel(new Uri($"http://127.0.0.1:{port}"), GrpcLimits.Default);
            await CallAllAsync(channel);
            await FailAllAsync(channel);
        }
        finally
        {
            server.StandardInput.Close();
            if (!server.WaitForExit(s_patience)) server.Kill();
        }
    }

    private static async Task CallAllAsync(GrpcChannel channel)
    {
        var bytes = new byte[3 << 20];
        new Random(2).NextBytes(bytes);
        var request = new EchoRequest { Text = "größer", Payload = ByteString.CopyFrom(bytes) };
        using (ClientCall<EchoRequest, EchoResponse> unary = channel.Call(
            EchoService.Unary, new Metadata { { "echo", "a value" }, { "echo-bin", [0, 255, 128] } }, s_patience))
        {
            await unary.WriteLastAsync(request);
            Assert.Equal("a value", (await unary.HeadersAsync()).Get("echo"));
            EchoResponse response = await unary.ReadSingleAsync();
            Assert.True(response.Text == "größer" && response.Payload.Equals(request.Payload));
            Assert.Equal([0, 255, 128], unary.Trailers.GetBytes("echo-bin")!);
        }
        using ClientCall<EchoRequest, EchoResponse> stream = channel.Call(EchoService.ServerStream, timeout: s_patience);
        await stream.WriteLastAsync(new EchoRequest { Count = 100 });
        for (int i = 0; i < 100; i++) Assert.Equal(i, (await stream.ReadAsync())!.Number);
        Assert.Null(await stream.ReadAsync());

        using ClientCall<EchoRequest, EchoResponse> requests = channel.Call(EchoService.ClientStream, timeout: s_patience);
        for (int i = 0; i < 100; i++) await requests.WriteAsync(new EchoRequest { Text = "x" });
        requests.CompleteRequests();
        Assert.Equal(100, (await requests.ReadSingleAsync()).Number);

        using ClientCall<EchoRequest, EchoResponse> both = channel.Call(EchoService.Duplex, timeout: s_patience);
        for (int i = 0; i < 100; i++)
        {
            await both.WriteAsync(new EchoRequest { Text = $"{i}" });
            Assert.Equal($"{i}", (await both.ReadAsync())!.Text);
        }
        both.CompleteRequests();
        Assert.Null(await both.ReadAsync());
    }

    private static async Task FailAllAsync(GrpcChannel channel)
    {
        foreach (StatusCode status in Enum.GetValues<StatusCode>().Where(s => s != StatusCode.Ok))
            await ExpectAsync(status, new EchoRequest { Status = (int)status, Text = "100 % größer\nas ever" }, s_patience, "100 % größer\nas ever");
        await ExpectAsync(StatusCode.DeadlineExceeded, new EchoRequest { DelayMilliseconds = 2000 }, TimeSpan.FromMilliseconds(200));
        await ExpectAsync(StatusCode.ResourceExhausted, new EchoRequest { Payload = ByteString.CopyFrom(new byte[5 << 20]) }, s_patience);

        async Task ExpectAsync(StatusCode status, EchoRequest request, TimeSpan timeout, string? detail = null)
        {
            RpcException e = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(EchoService.Unary, request, timeout: timeout));
            Assert.True(e.Status == status, $"{e} where {status} was expected");
            if (detail is not null) Assert.Equal(detail, e.Detail);
        }
    }

    private Process Start(string role, params string[] address) => Process.Start(new ProcessStartInfo(
        ForeignPeerFactAttribute.Python, [Path.Combine(AppContext.BaseDirectory, "Wire", "Grpc", "Foreign", "echo.py"), role, _descriptor, .. address])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = role == "call",
    })!;
}
