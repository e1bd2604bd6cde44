using System.IO.Pipelines;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members.Contract;
using DistBp.Cluster.Wire.Shared;

namespace DistBp.Cluster.Wire.Members;

/// <summary>The service Parameters: takes the messages of all peers.</summary>
/// <param name="sharedMemory">wire.shared-memory: whether a peer on this machine may leave tensors where they lie.</param>
internal sealed class DeliveryService(IDeliveryHost host, DeliveryLimits limits, bool sharedMemory = true)
{
    public static string Path => $"/{ParametersReflection.Descriptor.Services.Single().FullName}/Deliver";

    public void AddTo(GrpcServices services)
    {
        services.Raw(Path, DeliverAsync);
        services.Long(Path, Begin);
    }

    private DeliveryStream Begin(Metadata metadata, string address, Action wake)
        => new(host.Admit(metadata, address), host, limits, new PeerSegments(sharedMemory), host.AttendanceOf(metadata), wake);

    /// <summary>Of any client of gRPC.</summary>
    private async Task DeliverAsync(PipeReader deliveries, PipeWriter pipe, ServerCall call)
    {
        DeliveryStream stream = Begin(call.Metadata, call.Peer, deliveries.CancelPendingRead);
        RpcException? why = null;
        try
        {
            await RunAsync(stream, deliveries, new MessageWriter<Receipt>(pipe), call.Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            throw why = new RpcException(StatusCode.Cancelled, "the stream was broken off");
        }
        catch (IOException e)
        {
            // Kestrel's word for a reset or a broken connection, at any touch of the pipes.
            throw why = new RpcException(StatusCode.Cancelled, "the peer has gone or reset the call", e);
        }
        catch (RpcException e)
        {
            why = e;
            throw;
        }
        finally
        {
            stream.Close(why);
        }
    }

    private static async Task RunAsync(DeliveryStream stream, PipeReader deliveries, MessageWriter<Receipt> answers, CancellationToken cancellation)
    {
        while (true)
        {
            while (stream.NextAnswer() is Receipt answer) await answers.WriteAsync(answer, cancellation).ConfigureAwait(false);
            ReadResult result = await deliveries.ReadAsync(cancellation).ConfigureAwait(false);
            stream.Take(result.Buffer);
            deliveries.AdvanceTo(result.Buffer.End);
            if (!result.IsCompleted) continue;
            stream.Complete();
            return;
        }
    }
}
