using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Wire.Data;

/// <summary>Which files a job's data are, and what they are called between nodes.</summary>
internal static class JobFiles
{
    public const string Manifest = ShardManifest.FileName;

    /// <summary>The parts that have files of their own, with the names under which their files stand.</summary>
    public static IEnumerable<(string Part, DataSource Source)> Parts(JobDescription job)
    {
        foreach ((string part, DataSource? source) in new[] { ("train", job.Data.Train), ("validation", job.Data.Validation), ("test", job.Data.Test) })
        {
            if (source is not (null or Fraction)) yield return (part, source);
        }
    }

    /// <summary>The single files of a source: the key of the job, and the path there. None of a folder.</summary>
    public static IEnumerable<(string Key, string Path)> Single(DataSource source)
    {
        switch (source)
        {
            case TensorFiles files:
                yield return ("x", files.X);
                if (files.Y is not null) yield return ("y", files.Y);
                if (files.Lengths is not null) yield return ("lengths", files.Lengths);
                break;
            case CsvFile csv:
                yield return ("path", csv.Path);
                break;
            case TextFile text:
                yield return ("path", text.Path);
                break;
        }
    }

    /// <summary>Where a node that has all data of the job has them: what it may give to others.</summary>
    /// <exception cref="Learning.UserException">A folder is missing, or its manifest is damaged.</exception>
    public static IReadOnlyList<SharedFile> Of(JobDescription job)
    {
        var files = new List<SharedFile>();
        foreach ((string part, DataSource source) in Parts(job))
        {
            files.AddRange(Single(source).Select(f => new SharedFile($"{part}/{f.Key}", Path.GetFullPath(f.Path, job.BaseFolder))));
            if (source is ShardFolder shards) files.AddRange(OfShards(part, Path.GetFullPath(shards.Path, job.BaseFolder)));
            if (source is WavFolder sounds) files.AddRange(OfSounds(part, Path.GetFullPath(sounds.Folder, job.BaseFolder)));
        }
        return files;
    }

    /// <summary>The names of WAV files in a folder, relative to it, with / between them.</summary>
    public static IEnumerable<string> Sounds(string folder)
    {
        if (!Directory.Exists(folder))
            throw new Learning.UserException(Learning.ErrorKind.Data, "There is no such folder.", folder, "name the folder of the WAV files");
        var options = new EnumerationOptions { RecurseSubdirectories = true, MatchCasing = MatchCasing.CaseInsensitive, IgnoreInaccessible = false };
        return Directory.EnumerateFiles(folder, "*.wav", options).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<SharedFile> OfShards(string part, string folder)
    {
        yield return new SharedFile($"{part}/{Manifest}", Path.Combine(folder, Manifest));
        foreach (ShardFile file in ShardManifest.Load(folder).Files)
            yield return new SharedFile($"{part}/{file.File}", Path.Combine(folder, file.File), new FileDigest(file.Bytes, file.Sha256));
    }

    private static IEnumerable<SharedFile> OfSounds(string part, string folder) =>
        Sounds(folder).Select(name => new SharedFile($"{part}/{name}", Path.Combine(folder, name)));
}
