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

    public void AddTo(GrpcServices services) => services.Raw(Path, DeliverAsync);

    private async Task DeliverAsync(PipeReader deliveries, PipeWriter pipe, ServerCall call)
    {
        string peer = host.Admit(call.Metadata, call.Peer);
        RpcException? why = null;
        try
        {
            var receipts = new MessageWriter<Receipt>(pipe);
            await receipts.WriteAsync(new Receipt { Admission = new Admission { Node = peer } }, call.Cancellation).ConfigureAwait(false);
            await new DeliveryStream(deliveries, receipts, host, limits, new PeerSegments(sharedMemory), host.AttendanceOf(call.Metadata)).RunAsync(call.Cancellation).ConfigureAwait(false);
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
            host.Closed(peer, why);
        }
    }
}
