using DistBp.Learning;

namespace DistBp.Protocol;

/// <summary>Who computes which slices and who owns which parameters, in one generation. Everybody derives his part from this one record.</summary>
/// <param name="Workers">The numbers of the workers, in the order of their slices.</param>
/// <param name="Servers">The numbers of the servers, in the order of their shards.</param>
/// <param name="Slices">Slices a step.</param>
/// <param name="UpdatedCount">Floats of the flat range that a step updates.</param>
public sealed record Assignment(Generation Generation, IReadOnlyList<int> Workers, IReadOnlyList<int> Servers, int Slices, int UpdatedCount)
{
    private readonly Dictionary<int, int> _workerPositions = Positions(Workers);
    private readonly Dictionary<int, int> _serverPositions = Positions(Servers);

    /// <summary>The server that adds up the metric sums and reports steps to the coordinator.</summary>
    public int Lead => Servers[0];

    /// <summary>So many other servers keep a copy of each shard; fewer where there are not so many.</summary>
    public int Replication { get; init; }

    /// <summary>The copies that each shard has.</summary>
    public int Copies => Math.Min(Replication, Servers.Count - 1);

    /// <summary>Members numbered from 0.</summary>
    public static Assignment OfCounts(Generation generation, int workers, int servers, int slices, int updatedCount) =>
        new(generation, [.. Enumerable.Range(0, workers)], [.. Enumerable.Range(0, servers)], slices, updatedCount);

    public bool HasWorker(int worker) => _workerPositions.ContainsKey(worker);

    public bool HasServer(int server) => _serverPositions.ContainsKey(server);

    /// <summary>Where the server stands in <see cref="Servers"/>.</summary>
    public int PositionOfServer(int server) => _serverPositions[server];

    /// <summary>The server's shard. Shards follow each other in the order of the servers: whole blocks, as even as they divide; a server may own nothing.</summary>
    public ParameterShard Shard(int server)
    {
        int position = _serverPositions[server];
        long blocks = (UpdatedCount + (long)ParameterLayout.BlockLength - 1) / ParameterLayout.BlockLength;
        int first = (int)(blocks * position / Servers.Count), end = (int)(blocks * (position + 1) / Servers.Count);
        int offset = Math.Min(first * ParameterLayout.BlockLength, UpdatedCount);
        return new ParameterShard(offset, Math.Min(end * ParameterLayout.BlockLength, UpdatedCount) - offset);
    }

    /// <summary>Who keeps copies of the server's shard: those after it, the first one again after the last.</summary>
    public IReadOnlyList<int> Backups(int server) => Neighbours(server, 1);

    /// <summary>Whose shards the server keeps copies of.</summary>
    public IReadOnlyList<int> BackedUpBy(int server) => Neighbours(server, -1);

    /// <summary>The fewest whole subtrees that cover the worker's slices; empty for a worker that there is no slice for.</summary>
    public IReadOnlyList<Subtree> Subtrees(int worker) => Run(Slices, worker);

    /// <summary>Whether <paramref name="heir"/> has from now on the first slice of a subtree that <paramref name="worker"/> had: what was kept for it goes there.</summary>
    public bool Inherits(int heir, Assignment previous, int worker) => Inherited(heir, previous, worker).Count > 0;

    /// <summary>The worker's subtrees of the assignment before that go to <paramref name="heir"/>; empty where one of the two is not there.</summary>
    public IReadOnlyList<Subtree> Inherited(int heir, Assignment previous, int worker)
    {
        if (!HasWorker(heir) || !previous.HasWorker(worker)) return [];
        IReadOnlyList<Subtree> mine = Subtrees(heir);
        return [.. previous.Subtrees(worker).Where(s => mine.Any(m => m.First <= s.First && s.First < m.End))];
    }

    /// <summary>Evaluation is shared out like a step: the worker's part of the tree over <paramref name="leaves"/>.</summary>
    public IReadOnlyList<Subtree> EvaluationSubtrees(int worker, int leaves) => Run(leaves, worker);

    private int[] Neighbours(int server, int direction)
    {
        int position = _serverPositions[server], count = Servers.Count;
        return [.. Enumerable.Range(1, Copies).Select(i => Servers[((position + direction * i) % count + count) % count])];
    }

    private List<Subtree> Run(int leaves, int worker)
    {
        int position = _workerPositions[worker];
        int first = (int)((long)leaves * position / Workers.Count), end = (int)((long)leaves * (position + 1) / Workers.Count);
        return first == end ? [] : ReductionTree.Cover(leaves, first, end - first);
    }

    private static Dictionary<int, int> Positions(IReadOnlyList<int> members) => members.Index().ToDictionary(m => m.Item, m => m.Index);
}
