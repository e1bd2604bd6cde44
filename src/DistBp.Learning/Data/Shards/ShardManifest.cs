using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistBp.Learning.Data.Shards;

/// <summary>The content of manifest.json: what a folder of shards holds. Samples are numbered through the shards in their order.</summary>
/// <param name="SampleShape">Of one sample as the files have it.</param>
/// <param name="TargetKind">input: there are no targets.</param>
/// <param name="TargetShape">[] for a class index or a single value.</param>
/// <param name="Classes">0 where targets are not classes.</param>
/// <param name="ClassNames">Null: classes have numbers only.</param>
public sealed record ShardManifest(
    string Format, int Version, int Samples, int[] SampleShape, TargetKind TargetKind, int[] TargetShape, int Classes, string[]? ClassNames,
    Shard[] Shards)
{
    public const string FileName = "manifest.json";
    public const string FormatName = "distbp shards";
    public const int CurrentVersion = 1;
    private const string Remedy = "restore the folder from a copy, or run `distbp data convert` again";

    /// <exception cref="UserException">Missing, damaged, or of a later version.</exception>
    public static ShardManifest Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        ShardManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), ShardJson.Default.ShardManifest);
        }
        catch (JsonException cause)
        {
            throw new UserException(ErrorKind.Data, $"The manifest of the shards is damaged: {cause.Message}", path, Remedy, cause);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            string inside = Path.Combine(folder, "train");
            throw new UserException(ErrorKind.Data, Directory.Exists(folder) ? "The folder has no manifest of shards." : "There is no such folder.", path,
                File.Exists(Path.Combine(inside, FileName)) ? $"did you mean {inside}?"
                    : "check the path (paths are relative to the job file's folder), or make the folder with `distbp data convert`", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Data, $"The manifest of the shards cannot be read: {cause.Message}", path, "check its permissions", cause);
        }
        if (manifest is null) throw new UserException(ErrorKind.Data, "The manifest of the shards is empty.", path, Remedy);
        if (manifest.Format == FormatName && manifest.Version != CurrentVersion)
        {
            throw new UserException(ErrorKind.Data, $"The manifest of the shards has version {manifest.Version}; this distbp reads {CurrentVersion}.", path,
                "use the distbp that wrote it");
        }
        if (manifest.Contradiction() is { } why) throw new UserException(ErrorKind.Data, $"The manifest of the shards is damaged: {why}.", path, Remedy);
        return manifest;
    }

    public byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, ShardJson.Default.ShardManifest), (byte)'\n'];

    /// <summary>Samples of each shard.</summary>
    [JsonIgnore]
    public IReadOnlyList<int> Sizes => [.. Shards.Select(s => s.Samples)];

    /// <summary>All files but the manifest itself.</summary>
    [JsonIgnore]
    public IEnumerable<ShardFile> Files => Shards.SelectMany(s => s.Files);

    /// <summary>How epochs visit the samples. With a window that holds all of them it is the order of data in memory.</summary>
    public ISampleOrder Order(int window, int seed) => window >= Samples ? new EpochOrder(Samples, seed) : new WindowOrder(Sizes, window, seed);

    /// <summary>Why the parts do not fit together; null where they do.</summary>
    private string? Contradiction()
    {
        if (Format != FormatName) return $"its format is '{Format}' and not '{FormatName}'";
        foreach (int[] shape in (int[][])[SampleShape, TargetShape])
        {
            if (shape.Any(d => d < 1) || shape.Aggregate(1.0, (product, d) => product * d) > int.MaxValue)
                return $"the shape [{string.Join(", ", shape)}] is impossible";
        }
        if (Shards.Length == 0) return "it lists no shards";
        if (Shards.Any(s => s.Samples < 1) || Shards.Sum(s => (long)s.Samples) != Samples) return $"its shards do not have {Samples} samples in all";
        if (TargetKind is TargetKind.Classes or TargetKind.Binary ? Classes < 2 : Classes != 0) return $"{Classes} classes of {TargetKind}";
        if (ClassNames is not null && ClassNames.Length != Classes) return $"{ClassNames.Length} names for {Classes} classes";
        if (Shards.Any(s => s.Y is null != (TargetKind == TargetKind.Input))) return "a shard has targets and another has none";
        if (Shards.Any(s => s.Lengths is null != (Shards[0].Lengths is null))) return "a shard has lengths and another has none";
        if (Shards[0].Lengths is not null && SampleShape.Length == 0) return "single numbers have no lengths";
        ShardFile[] files = [.. Files];
        if (files.FirstOrDefault(f => !f.IsNamedPlainly) is { } strange) return $"'{strange.File}' is not the name of a file in its folder";
        if (files.FirstOrDefault(f => f.Sha256.Length != 64 || !f.Sha256.All(char.IsAsciiHexDigitLower)) is { } hash) return $"the sha256 of {hash.File} is none";
        return files.Select(f => f.File).Distinct(StringComparer.Ordinal).Count() == files.Length ? null : "a file is listed twice";
    }
}

/// <summary>One shard: npy files with a row a sample.</summary>
/// <param name="Y">Null where there are no targets.</param>
/// <param name="Lengths">How many steps of each sample count; null: all.</param>
public sealed record Shard(int Samples, ShardFile X, ShardFile? Y, ShardFile? Lengths)
{
    [JsonIgnore]
    public IEnumerable<ShardFile> Files => new[] { X, Y, Lengths }.OfType<ShardFile>();
}

/// <param name="File">Its name in the folder.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record ShardFile(string File, long Bytes, string Sha256)
{
    /// <summary>Nothing outside the folder can be meant.</summary>
    [JsonIgnore]
    public bool IsNamedPlainly => File.Length is > 0 and <= 255 && File[0] != '.' && File.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}

/// <summary>Generated at build time. Unknown and missing keys are errors.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(CamelCaseKind)],
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ShardManifest))]
internal sealed partial class ShardJson : JsonSerializerContext;

/// <summary>As job files and pages write it: classes, binary, values, input.</summary>
internal sealed class CamelCaseKind() : JsonStringEnumConverter<TargetKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
