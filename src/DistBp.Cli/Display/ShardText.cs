using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cli.Display;

/// <summary>Folders of shards in words.</summary>
internal static class ShardText
{
    public static void Write(IReadOnlyList<ShardInspection> folders, TextWriter output)
    {
        foreach (ShardInspection folder in folders)
        {
            ShardManifest manifest = folder.Manifest;
            bool isSequence = manifest.Shards[0].Lengths is not null;
            TextColumns.Write(output,
            [
                ["folder", folder.Folder],
                ["samples", $"{NumberText.Count(manifest.Samples)} of {new TensorShape(manifest.SampleShape)}{(isSequence ? ", of different lengths" : "")}"],
                ["targets", Targets(manifest)],
                ["shards", $"{NumberText.Count(manifest.Shards.Length)}, {NumberText.Count(folder.Bytes)} bytes"],
                ["state", folder.Damage.Count == 0 ? "intact" : $"DAMAGED: {NumberText.Count(folder.Damage.Count, "file")}"],
            ], [false, false]);
        }
    }

    private static string Targets(ShardManifest manifest)
    {
        string shape = manifest.TargetShape.Length == 0 ? "" : $" of {new TensorShape(manifest.TargetShape)}";
        return manifest.TargetKind switch
        {
            TargetKind.Input => "none: the samples themselves",
            TargetKind.Values => $"values{shape}",
            _ => $"{NumberText.Count(manifest.Classes)} classes{shape}{(manifest.ClassNames is { } names ? ": " + NearestName.List(names, 12) : "")}",
        };
    }
}
