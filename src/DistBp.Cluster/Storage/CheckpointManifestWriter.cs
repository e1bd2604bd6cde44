using System.Buffers;
using System.Text.Json;

namespace DistBp.Cluster.Storage;

/// <summary>Writes manifest.json, sealed with its own hash: see <see cref="CheckpointManifestSeal"/>.</summary>
internal static class CheckpointManifestWriter
{
    /// <returns>The bytes of the file.</returns>
    public static byte[] Serialize(CheckpointManifest manifest)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("format", CheckpointManifestReader.Format);
        json.WriteNumber("version", CheckpointManifest.CurrentVersion);
        json.WriteNumber("step", manifest.Position.Step);
        json.WriteNumber("epoch", manifest.Position.Epoch);
        json.WriteNumber("stepInEpoch", manifest.Position.StepInEpoch);
        json.WriteNumber("seed", manifest.Seed);
        json.WriteNumber("slices", manifest.Slices);
        json.WriteNumber("batch", manifest.Batch);
        json.WriteString("jobHash", manifest.JobHash);
        WriteParameters(json, manifest);
        WriteOptimizer(json, manifest);
        if (manifest.ResidualFiles.Count > 0) WriteResiduals(json, manifest);
        json.WriteStartObject("coordinator");
        foreach ((string name, double value) in manifest.Coordinator.OrderBy(c => c.Key, StringComparer.Ordinal)) json.WriteDouble(name, value);
        json.WriteEndObject();
        WriteFiles(json, manifest);
        json.WriteString(CheckpointManifestSeal.Key, CheckpointManifestSeal.Blank);
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        CheckpointManifestSeal.Apply(bytes);
        return bytes;
    }

    private static void WriteParameters(Utf8JsonWriter json, CheckpointManifest manifest)
    {
        json.WriteStartArray("parameters");
        foreach (CheckpointParameter parameter in manifest.Parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("shape", parameter.Shape);
            json.WriteBoolean("trained", parameter.Trained);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteOptimizer(Utf8JsonWriter json, CheckpointManifest manifest)
    {
        json.WriteStartObject("optimizer");
        json.WriteString("kind", manifest.OptimizerKind);
        json.WriteStartArray("states");
        foreach (string state in manifest.OptimizerStates) json.WriteStringValue(state);
        json.WriteEndArray();
        json.WriteStartArray("shards");
        foreach (OptimizerFile file in manifest.OptimizerFiles)
        {
            json.WriteStartObject();
            json.WriteString("file", file.Name);
            json.WriteNumber("offset", file.Offset);
            json.WriteNumber("length", file.Length);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteResiduals(Utf8JsonWriter json, CheckpointManifest manifest)
    {
        json.WriteStartArray("residuals");
        foreach (ResidualFile file in manifest.ResidualFiles)
        {
            json.WriteStartObject();
            json.WriteString("file", file.Name);
            json.WriteNumber("firstSlice", file.Subtree.First);
            json.WriteNumber("slices", file.Subtree.Count);
            json.WriteNumber("samples", file.Samples);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFiles(Utf8JsonWriter json, CheckpointManifest manifest)
    {
        json.WriteStartArray("files");
        foreach (CheckpointFile file in manifest.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteNumber("bytes", file.Digest.Bytes);
            json.WriteString("sha256", file.Digest.Sha256);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
