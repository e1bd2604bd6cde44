using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Cli.Display;

/// <summary>An inspection in words: facts, tensors, checkpoints.</summary>
internal static class InspectionText
{
    public static void Write(RunInspection inspection, TextWriter output)
    {
        TextColumns.Write(output, [.. inspection.Facts.Select(f => new[] { f.Name, f.Value })], [false, false]);
        if (inspection.Tensors.Count > 0)
        {
            output.WriteLine($"tensors ({NumberText.Count(inspection.Tensors.Sum(t => t.ElementCount))} elements)");
            TextColumns.Write(output, [.. inspection.Tensors.Select(Tensor)], [false, false, false, true], "  ");
        }
        if (inspection.Checkpoints.Count == 0) return;
        foreach (var place in inspection.Checkpoints.GroupBy(c => Path.GetDirectoryName(c.Folder)!))
        {
            output.WriteLine(Path.GetFileName(place.Key) == "checkpoints" ? "checkpoints" : $"checkpoints in {place.Key}");
            TextColumns.Write(output, [.. place.Select(Checkpoint)], [false, false, false], "  ");
        }
    }

    private static string[] Tensor(SafetensorsEntry tensor) =>
        [tensor.Name, tensor.Type.ToString(), tensor.ShapeText, NumberText.Count(tensor.ElementCount)];

    private static string[] Checkpoint((string Folder, CheckpointManifest? Manifest, string Why) checkpoint) =>
        checkpoint.Manifest is { } manifest
            ? [Path.GetFileName(checkpoint.Folder), "intact", $"after {RunInspection.PositionText(manifest.Position)}"]
            : [Path.GetFileName(checkpoint.Folder), "DAMAGED", checkpoint.Why];
}
