using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using Google.Protobuf.Reflection;

namespace DistBp.Cluster.Hosting;

/// <summary>The methods of hosting.proto.</summary>
internal static class HostingMethods
{
    public static readonly Method<Enlistment, Enlisted> Enlist = new(Service("Hosting"), "Enlist");
    public static readonly Method<Introduction, Introduced> Introduce = new(Service("Hosting"), "Introduce");
    public static readonly Method<Dismissal, Dismissed> Dismiss = new(Service("Hosting"), "Dismiss");
    public static readonly Method<PaceRequest, Pace> AskPace = new(Service("Hosting"), "AskPace");
    public static readonly Method<Complaint, ComplaintNoted> Complain = new(Service("Complaints"), "Complain");

    private static ServiceDescriptor Service(string name) => HostingReflection.Descriptor.Services.Single(s => s.Name == name);
}
