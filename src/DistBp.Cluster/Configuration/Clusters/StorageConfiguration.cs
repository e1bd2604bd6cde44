using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.storage: folders, relative to the current one.</summary>
/// <param name="State">What a node keeps for itself.</param>
/// <param name="Runs">Under which runs get theirs.</param>
public sealed record StorageConfiguration(string State, string Runs)
{
    internal static StorageConfiguration Describe(IFields f, StorageConfiguration storage) => storage with
    {
        State = f.Field("state", storage.State, TextForm.Path),
        Runs = f.Field("runs", storage.Runs, TextForm.Path),
    };
}
