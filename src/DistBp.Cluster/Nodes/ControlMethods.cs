using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Status;
using Google.Protobuf.Reflection;

namespace DistBp.Cluster.Nodes;

/// <summary>The methods of control.proto and status.proto.</summary>
internal static class ControlMethods
{
    public static readonly Method<Heartbeat, ClusterNews> Join = new(Cluster, "Join");
    public static readonly Method<JobSubmission, JobAccepted> Submit = new(Cluster, "Submit");
    public static readonly Method<JobReference, JobCancelled> Cancel = new(Cluster, "Cancel");
    public static readonly Method<WatchRequest, RunEvent> Watch = new(Cluster, "Watch");
    public static readonly Method<FileRequest, FilePiece> Fetch = new(Cluster, "Fetch");
    public static readonly Method<StatusRequest, ClusterStatus> GetStatus = new(StatusReflection.Descriptor.Services.Single(), "Get");

    private static ServiceDescriptor Cluster => ControlReflection.Descriptor.Services.Single();
}
