namespace DistBp.Learning.Data.Shards;

/// <summary>What a folder of shards holds, and whether it is intact.</summary>
/// <param name="Bytes">Of all files of shards, as the manifest says.</param>
/// <param name="Damage">A problem a file.</param>
public sealed record ShardInspection(string Folder, ShardManifest Manifest, long Bytes, IReadOnlyList<Problem> Damage)
{
    /// <summary>The folder itself, or those in it that have a manifest, as `distbp data convert` leaves them.</summary>
    /// <param name="verify">Reads all files: their hashes, and every value.</param>
    /// <exception cref="UserException">There is no manifest, or it is damaged.</exception>
    public static IReadOnlyList<ShardInspection> Of(string folder, bool verify)
    {
        string[] inside = File.Exists(Path.Combine(folder, ShardManifest.FileName)) || !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateDirectories(folder).Where(d => File.Exists(Path.Combine(d, ShardManifest.FileName))).Order(StringComparer.Ordinal)];
        return inside.Length == 0 ? [OfOne(folder, verify)] : [.. inside.Select(d => OfOne(d, verify))];
    }

    private static ShardInspection OfOne(string folder, bool verify)
    {
        ShardManifest manifest = ShardManifest.Load(folder);
        var damage = new List<Problem>();
        foreach (Shard shard in manifest.Shards)
        {
            int before = damage.Count;
            foreach (ShardFile file in shard.Files) Try(() => Check(Path.Combine(folder, file.File), file, verify), damage);
            if (verify && damage.Count == before) Try(() => ShardContent.Open(manifest, shard, manifest.TargetKind, manifest.Classes, f => Path.Combine(folder, f.File)), damage);
        }
        return new ShardInspection(folder, manifest, manifest.Files.Sum(f => f.Bytes), damage);
    }

    private static void Check(string path, ShardFile file, bool verify)
    {
        if (verify) ShardContent.Checked(file, _ => path);
        else ShardContent.RequireLength(path, file);
    }

    private static void Try(Action check, List<Problem> damage)
    {
        try
        {
            check();
        }
        catch (UserException e)
        {
            damage.AddRange(e.Problems);
        }
    }
}
