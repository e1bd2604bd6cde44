using System.Text.Json;
using DistBp.Learning;

namespace DistBp.Cluster.Storage;

/// <summary>Reads manifest.json; an answer without a manifest says why.</summary>
internal static class CheckpointManifestReader
{
    public const string Format = "distbp-checkpoint";

    // A parameter takes about 100 bytes: room for half a million tensors.
    private const long MaxManifestBytes = 64 << 20;

    /// <summary>The manifest, or null and what is wrong with it.</summary>
    public static (CheckpointManifest? Manifest, string Why) Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) return (null, $"{CheckpointManifest.FileName} is missing");
            if (file.Length > MaxManifestBytes) return (null, $"{CheckpointManifest.FileName} has {file.Length} bytes");
            byte[] bytes = File.ReadAllBytes(path);
            if (!CheckpointManifestSeal.IsIntact(bytes)) return (null, $"{CheckpointManifest.FileName} does not match its own SHA-256");
            return Parse(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"{CheckpointManifest.FileName} cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return (null, $"{CheckpointManifest.FileName} is not a manifest: {e.Message}");
        }
    }

    private static (CheckpointManifest? Manifest, string Why) Parse(byte[] bytes)
    {
        using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        JsonElement root = document.RootElement;
        string? format = root.GetProperty("format").GetString();
        int version = root.GetProperty("version").GetInt32();
        if (format != Format || version != CheckpointManifest.CurrentVersion)
            return (null, $"its format is '{format}' version {version}, this program reads '{Format}' version {CheckpointManifest.CurrentVersion}");
        JsonElement optimizer = root.GetProperty("optimizer");
        var manifest = new CheckpointManifest
        {
            Position = new CheckpointPosition(
                root.GetProperty("step").GetInt64(), root.GetProperty("epoch").GetInt32(), root.GetProperty("stepInEpoch").GetInt32()),
            Seed = root.GetProperty("seed").GetInt32(),
            Slices = root.GetProperty("slices").GetInt32(),
            Batch = root.GetProperty("batch").GetInt32(),
            JobHash = Text(root, "jobHash"),
            Parameters = [.. root.GetProperty("parameters").EnumerateArray().Select(
                p => new CheckpointParameter(Text(p, "name"), Text(p, "shape"), p.GetProperty("trained").GetBoolean()))],
            OptimizerKind = Text(optimizer, "kind"),
            OptimizerStates = [.. optimizer.GetProperty("states").EnumerateArray().Select(s => s.GetString()!)],
            OptimizerFiles = [.. optimizer.GetProperty("shards").EnumerateArray().Select(
                s => new OptimizerFile(Text(s, "file"), s.GetProperty("offset").GetInt32(), s.GetProperty("length").GetInt32()))],
            ResidualFiles = root.TryGetProperty("residuals", out JsonElement residuals) ? [.. residuals.EnumerateArray().Select(ReadResidual)] : [],
            Coordinator = root.GetProperty("coordinator").EnumerateObject().ToDictionary(c => c.Name, c => c.Value.ReadDouble(), StringComparer.Ordinal),
            Files = [.. root.GetProperty("files").EnumerateArray().Select(
                f => new CheckpointFile(Text(f, "name"), new FileDigest(f.GetProperty("bytes").GetInt64(), Text(f, "sha256"))))],
        };
        return (manifest, "");
    }

    private static ResidualFile ReadResidual(JsonElement file) => new(
        Text(file, "file"), new Subtree(file.GetProperty("firstSlice").GetInt32(), file.GetProperty("slices").GetInt32()), file.GetProperty("samples").GetInt32());

    private static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null");
}
