using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Wire.Data;

/// <summary>
/// Finds the files of a job's data for one node: its own, where they lie at the job's paths and have the right hash; where they are missing,
/// those of other nodes, through the cache. A file of its own with another content is an error: two nodes would train on different data.
/// </summary>
internal sealed class JobResolution
{
    private readonly JobDescription _job;
    private readonly DataOrigin _origin;
    private readonly DataCache _cache;
    private readonly LeasedFiles _files;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<string, NamedFile> _expected = new(StringComparer.Ordinal);

    /// <summary>Folders of shards as the resolved job names them, and what they are here.</summary>
    private readonly Dictionary<string, (string Part, string Own)> _shards = new(StringComparer.Ordinal);

    private JobResolution(JobDescription job, DataOrigin origin, DataCache cache, LeasedFiles files, CancellationToken cancellation)
    {
        (_job, _origin, _cache, _files, _cancellation) = (job, origin, cache, files, cancellation);
        foreach (NamedFile file in origin.Files) _expected[file.Name] = file;
    }

    /// <param name="job">With the paths of the node that submitted it.</param>
    /// <param name="shards">Numbers of shards of the training part that are fetched before this returns; null: each when it is touched.</param>
    /// <param name="cancellation">Also of what is fetched later, by the locator.</param>
    /// <exception cref="UserException">A file differs from the origin's, or no node gives one that is missing.</exception>
    public static async Task<ResolvedJob> RunAsync(
        JobDescription job, DataOrigin origin, DataCache cache, IReadOnlyCollection<int>? shards, CancellationToken cancellation)
    {
        var files = new LeasedFiles(cache.LinksFolder);
        var resolution = new JobResolution(job, origin, cache, files, cancellation);
        try
        {
            DataDescription data = job.Data;
            data = data with
            {
                Train = await resolution.SourceAsync("train", data.Train).ConfigureAwait(false),
                Validation = await resolution.SourceAsync("validation", data.Validation).ConfigureAwait(false),
                Test = await resolution.SourceAsync("test", data.Test).ConfigureAwait(false),
            };
            if (shards is not null && data.Train is ShardFolder folder) await resolution.FetchAsync(folder.Path, shards).ConfigureAwait(false);
            return new ResolvedJob(job with { Data = data }, resolution._shards.Count > 0 ? resolution.Locate : null, files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private async Task<DataSource?> SourceAsync(string part, DataSource? source) => source switch
    {
        TensorFiles files => new TensorFiles(
            await FileAsync($"{part}/x", files.X).ConfigureAwait(false),
            files.Y is null ? null : await FileAsync($"{part}/y", files.Y).ConfigureAwait(false),
            files.Lengths is null ? null : await FileAsync($"{part}/lengths", files.Lengths).ConfigureAwait(false)),
        CsvFile csv => csv with { Path = await FileAsync($"{part}/path", csv.Path).ConfigureAwait(false) },
        TextFile text => text with { Path = await FileAsync($"{part}/path", text.Path).ConfigureAwait(false) },
        WavFolder sounds => sounds with { Folder = await SoundsAsync(part, OwnPath(sounds.Folder)).ConfigureAwait(false) },
        ShardFolder shards => shards with { Path = await ShardsAsync(part, OwnPath(shards.Path)).ConfigureAwait(false) },
        _ => source,
    };

    private string OwnPath(string path) => Path.GetFullPath(path, _job.BaseFolder);

    private async Task<string> FileAsync(string name, string path)
    {
        string own = OwnPath(path);
        if (!File.Exists(own)) return _files.Link(await GetAsync(name).ConfigureAwait(false), $"{name}/{Path.GetFileName(own)}");
        await Task.Run(() => RequireSame(name, own), _cancellation).ConfigureAwait(false);
        return own;
    }

    /// <summary>The node's own folder where it has all files; otherwise a folder of its own files and fetched ones.</summary>
    private async Task<string> SoundsAsync(string part, string own)
    {
        string[] names = [.. _expected.Keys.Where(n => n.StartsWith($"{part}/", StringComparison.Ordinal)).Select(n => n[(part.Length + 1)..])];
        string[] here = Directory.Exists(own) ? [.. JobFiles.Sounds(own)] : [];
        foreach (string name in here)
        {
            if (!_expected.ContainsKey($"{part}/{name}")) throw Differs($"{part}/{name}", Path.Combine(own, name), $"which {_origin.Node} does not have");
            await Task.Run(() => RequireSame($"{part}/{name}", Path.Combine(own, name)), _cancellation).ConfigureAwait(false);
        }
        if (names.Length > 0 && here.Length == names.Length) return own;
        string under = $"{part}/{Path.GetFileName(own)}";
        string? folder = null;
        foreach (string name in names)
        {
            // A name comes from another node: it must not lead out of the folder.
            if (name.Split('/').Any(s => s is "" or "." or "..") || name.Contains('\\', StringComparison.Ordinal) || Path.IsPathRooted(name))
                throw new UserException(ErrorKind.Cluster, $"'{name}' is no name of a file in a folder", _origin.Node, "start that node again with this version");
            string link = _files.Link(await GetAsync($"{part}/{name}").ConfigureAwait(false), $"{under}/{name}");
            folder ??= link[..^(name.Length + 1)];
        }
        return folder ?? own;
    }

    /// <summary>The folder with the manifest: the node's own, or one with the fetched manifest. Shards are looked for when they are touched.</summary>
    private async Task<string> ShardsAsync(string part, string own)
    {
        string name = $"{part}/{JobFiles.Manifest}", ownManifest = Path.Combine(own, JobFiles.Manifest);
        string folder = own;
        if (File.Exists(ownManifest)) RequireSame(name, ownManifest);
        else folder = Path.GetDirectoryName(_files.Link(await GetAsync(name).ConfigureAwait(false), $"{part}/{Path.GetFileName(own)}/{JobFiles.Manifest}"))!;
        _shards[folder] = (part, own);
        return folder;
    }

    private async Task FetchAsync(string folder, IReadOnlyCollection<int> shards)
    {
        Shard[] all = ShardManifest.Load(folder).Shards;
        foreach (int number in shards)
        {
            foreach (ShardFile file in all[number].Files) await PathOfAsync(folder, file).ConfigureAwait(false);
        }
    }

    /// <summary>On a thread that computes, which has nothing to do without the shard.</summary>
    private string Locate(string folder, ShardFile file) => PathOfAsync(folder, file).GetAwaiter().GetResult();

    private async Task<string> PathOfAsync(string folder, ShardFile file)
    {
        (string part, string own) = _shards[folder];
        string path = Path.Combine(own, file.File), name = $"{part}/{file.File}";
        if (!File.Exists(path)) return _files.Keep(await GetAsync(name).ConfigureAwait(false));
        await Task.Run(() => RequireSame(name, path), _cancellation).ConfigureAwait(false);
        return path;
    }

    private Task<CachedFile> GetAsync(string name) => _cache.GetAsync(Expected(name), _origin.Peers, _cancellation);

    private NamedFile Expected(string name) => _expected.GetValueOrDefault(name) ?? throw new UserException(
        ErrorKind.Cluster, $"{_origin.Node} does not know the file '{name}' of the job", name, "submit the job again");

    private void RequireSame(string name, string path)
    {
        NamedFile expected = Expected(name);
        string hash = FileHashes.Sha256(path);
        if (hash != expected.Digest.Sha256) throw Differs(name, path, $"SHA-256 {hash[..12]}…, on {_origin.Node} {expected.Digest.Sha256[..12]}…");
    }

    private UserException Differs(string name, string path, string how) => new(
        ErrorKind.Data, $"the file of {name} on {_origin.Here} is another one than on {_origin.Node}: {how}", path,
        $"copy it from {_origin.Node}, or take it away: then it is fetched");
}

/// <summary>What a job's data are, and who has them.</summary>
/// <param name="Node">The node that says what the data are: the coordinator's.</param>
/// <param name="Files">Its files.</param>
/// <param name="Here">This node.</param>
/// <param name="Peers">Who is asked for missing files, in this order.</param>
internal sealed record DataOrigin(string Node, IReadOnlyList<NamedFile> Files, string Here, IReadOnlyList<DataPeer> Peers);
