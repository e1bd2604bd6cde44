using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.wire.</summary>
/// <param name="MaxMessageBytes">A longer message of gRPC is refused.</param>
/// <param name="SharedMemory">Whether nodes of one host pass tensors through shared memory.</param>
public sealed record WireConfiguration(long MaxMessageBytes, bool SharedMemory)
{
    private static readonly WordForm<bool> SwitchForm = new("setting", [("on", true), ("off", false), ("true", true), ("false", false)], []);

    internal static WireConfiguration Describe(IFields f, WireConfiguration wire) => wire with
    {
        MaxMessageBytes = f.Field("max-message", wire.MaxMessageBytes, SizeForm.Instance),
        SharedMemory = f.Field("shared-memory", wire.SharedMemory, SwitchForm),
    };
}
