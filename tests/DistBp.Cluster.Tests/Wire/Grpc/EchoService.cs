using System.Collections.Concurrent;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace DistBp.Cluster.Tests.Wire.Grpc;

/// <summary>Our own server of echo.proto.</summary>
internal sealed class EchoService
{
    public static readonly Method<EchoRequest, EchoResponse> Unary = new(Descriptor, "Unary");
    public static readonly Method<EchoRequest, EchoResponse> ServerStream = new(Descriptor, "ServerStream");
    public static readonly Method<EchoRequest, EchoResponse> ClientStream = new(Descriptor, "ClientStream");
    public static readonly Method<EchoRequest, EchoResponse> Duplex = new(Descriptor, "Duplex");

    public const string Bug = "bug";

    private static ServiceDescriptor Descriptor => EchoReflection.Descriptor.Services.Single();

    /// <summary>Completes when a call was cancelled from the other side.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a method has begun to wait.</summary>
    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<Exception> Bugs { get; } = [];

    public Task<GrpcServer> StartAsync(GrpcLimits? limits = null)
        => GrpcServer.StartAsync(new(System.Net.IPAddress.Loopback, 0), limits ?? GrpcLimits.Default, AddTo, Bugs.Enqueue);

    public void AddTo(GrpcServices services)
    {
        services = services.Guarded(metadata =>
        {
            if (metadata.Get("refuse") is { } reason) throw new RpcException(StatusCode.PermissionDenied, reason);
        });
        services.Unary(Unary, async (request, call) =>
        {
            // What was sent comes back: as a header, as a trailer, and bytes as bytes.
            if (call.Metadata.Get("echo") is { } echo) await call.SendHeadersAsync(new Metadata { { "echo", echo } });
            if (call.Metadata.GetBytes("echo-bin") is { } bytes) call.Trailers.Add("echo-bin", bytes);
            return await AnswerAsync(request, 0, call);
        });
        services.ServerStreaming(ServerStream, async (request, responses, call) =>
        {
            for (int i = 0; i < request.Count; i++) await responses.WriteAsync(await AnswerAsync(request, i, call));
        });
        services.ClientStreaming(ClientStream, async (requests, call) =>
        {
            var all = new EchoResponse();
            while (await requests.ReadAsync(call.Cancellation) is { } request)
            {
                all.Text += request.Text;
                all.Payload = ByteString.CopyFrom([.. all.Payload, .. request.Payload]);
                all.Number++;
            }
            return all;
        });
        services.DuplexStreaming(Duplex, async (requests, responses, call) =>
        {
            try
            {
                for (int number = 0; await requests.ReadAsync(call.Cancellation) is { } request; number++)
                    await responses.WriteAsync(await AnswerAsync(request, number, call));
            }
            catch (RpcException e) when (e.Status == StatusCode.Cancelled)
            {
                Cancelled.TrySetResult();
                throw;
            }
        });
    }

    private async Task<EchoResponse> AnswerAsync(EchoRequest request, int number, ServerCall call)
    {
        if (request.Text == Bug) throw new InvalidOperationException("a bug in a method");
        try
        {
            if (request.DelayMilliseconds > 0) Waiting.TrySetResult();
            if (request.DelayMilliseconds > 0) await Task.Delay(request.DelayMilliseconds, call.Cancellation);
        }
        catch (OperationCanceledException)
        {
            Cancelled.TrySetResult();
            throw;
        }
        if (request.Status != 0) throw new RpcException((StatusCode)request.Status, request.Text);
        return new EchoResponse { Text = request.Text, Payload = request.Payload, Number = number };
    }
}
