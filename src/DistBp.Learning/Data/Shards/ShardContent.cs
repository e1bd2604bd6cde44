using System.Numerics.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>The mapped files of one shard, checked.</summary>
/// <param name="Y">Null where there are no targets.</param>
internal sealed record ShardContent(MappedTensor X, MappedTensor? Y)
{
    private const int RowsAPass = 256;

    public long Bytes => X.Bytes + (Y?.Bytes ?? 0);

    /// <summary>The gather that touched it last: see <see cref="ShardResidency"/>.</summary>
    public long LastUse { get; set; }

    /// <summary>Guarded by <see cref="ShardResidency"/>.</summary>
    public bool IsResident { get; set; }

    /// <summary>Checks the hashes, maps the files, and checks that every number may go to the network.</summary>
    /// <param name="classCount">What labels must be below; 0: they are no classes.</param>
    /// <exception cref="UserException">A file is missing, damaged or of another hash, or has a value that no network takes.</exception>
    public static ShardContent Open(ShardManifest manifest, Shard shard, TargetKind target, int classCount, Func<ShardFile, string> locate)
    {
        string xPath = Checked(shard.X, locate);
        var x = MappedTensor.Open(xPath, shard.Samples, new TensorShape(manifest.SampleShape));
        if (x.IsFloating) Check(x, shard.Samples, new TensorShape(manifest.SampleShape).ElementCount, xPath, FirstNotFinite, v => $"An element is {v}.");
        if (shard.Y is null || target == TargetKind.Input) return new ShardContent(x, null);
        string yPath = Checked(shard.Y, locate);
        var y = MappedTensor.Open(yPath, shard.Samples, new TensorShape(manifest.TargetShape));
        FindFault find = target switch
        {
            TargetKind.Classes => values => First(values, v => !(v >= 0 && v < classCount && v == MathF.Floor(v))),
            TargetKind.Binary => values => First(values, v => v is not (0 or 1)),
            _ => FirstNotFinite,
        };
        Check(y, shard.Samples, new TensorShape(manifest.TargetShape).ElementCount, yPath, find, v => target switch
        {
            TargetKind.Classes => $"The label {v} is none of the classes 0 to {classCount - 1}.",
            TargetKind.Binary => $"The label {v} is neither 0 nor 1.",
            _ => $"The target is {v}.",
        });
        return new ShardContent(x, y);
    }

    public void Forget()
    {
        X.Forget();
        Y?.Forget();
    }

    /// <returns>The path of a file that is what the manifest says.</returns>
    public static string Checked(ShardFile file, Func<ShardFile, string> locate)
    {
        string path = locate(file);
        RequireLength(path, file);
        string hash = FileHashes.Sha256(path);
        if (hash == file.Sha256) return path;
        throw new UserException(ErrorKind.Data, $"The shard is damaged or another one: its SHA-256 is {hash[..12]}…, and the manifest says {file.Sha256[..12]}….", path,
            "restore it from a copy, or run `distbp data convert` again");
    }

    /// <summary>Finds a missing or cut off file without reading it.</summary>
    public static void RequireLength(string path, ShardFile file)
    {
        long bytes = FileHashes.LengthOf(path);
        if (bytes == file.Bytes) return;
        throw new UserException(ErrorKind.Data, $"The shard is damaged: it has {bytes} bytes, and the manifest says {file.Bytes}.", path,
            "restore it from a copy, or run `distbp data convert` again");
    }

    private static void Check(MappedTensor tensor, int rows, int width, string path, FindFault find, Func<float, string> fault)
    {
        var values = new float[Math.Min(rows, RowsAPass) * width];
        for (int first = 0; first < rows; first += RowsAPass)
        {
            Span<float> pass = values.AsSpan(0, Math.Min(RowsAPass, rows - first) * width);
            tensor.Read(first, pass);
            int wrong = find(pass);
            if (wrong < 0) continue;
            throw new UserException(ErrorKind.Data, fault(pass[wrong]), $"{path}, sample {first + wrong / width}", "correct it where the shards were made from");
        }
    }

    /// <summary>The largest magnitude is NaN or infinite exactly where an element is.</summary>
    private static int FirstNotFinite(ReadOnlySpan<float> values) =>
        float.IsFinite(TensorPrimitives.MaxMagnitude(values)) ? -1 : First(values, v => !float.IsFinite(v));

    private static int First(ReadOnlySpan<float> values, Predicate<float> isFault)
    {
        for (int i = 0; i < values.Length; i++)
            if (isFault(values[i])) return i;
        return -1;
    }

    /// <returns>The first element that no network takes; −1: there is none.</returns>
    private delegate int FindFault(ReadOnlySpan<float> values);
}
