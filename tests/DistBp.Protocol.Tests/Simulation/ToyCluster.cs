using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>
/// The real state machines in one thread. Their host computes a toy problem with real float arithmetic: the gradient of slice s at step t
/// depends on every parameter, so that a stale read, a lost or a doubled slice changes the final bits; of a table it has some rows only. Messages between two members keep
/// their order; which pair's message comes next is drawn from the seed.
/// </summary>
internal sealed class ToyCluster
{
    /// <summary>10,000 parameters; row 145 of the table straddles the border between the second block and the third.</summary>
    public static readonly ParameterLayout Layout = new(
    [
        ("dense", [new("weight", new TensorShape(6010), ParameterKind.Weight, 1, 1)], false),
        ("table", [new("weight", new TensorShape(266, 15), ParameterKind.Weight, 1, 1) { RowsPerSample = 4 }], false),
    ]);

    private readonly Random _random;
    private readonly TrainingPlan _plan;
    private readonly int _workerCount;
    private readonly int _serverCount;
    private readonly Coordinator _coordinator;
    private readonly Worker[] _workers;
    private readonly ParameterServer[] _servers;
    private readonly Dictionary<(Address From, Address To), Queue<Message>> _links = [];
    private readonly Assignment?[] _assignments;
    private readonly float?[][] _means;

    public ToyCluster(TrainingPlan plan, int workers, int servers, int seed)
    {
        (_plan, _workerCount, _serverCount, _random) = (plan, workers, servers, new Random(seed));
        _coordinator = new Coordinator(plan);
        _workers = [.. Enumerable.Range(0, workers).Select(i => new Worker(i))];
        _servers = [.. Enumerable.Range(0, servers).Select(i => new ParameterServer(i))];
        _assignments = new Assignment?[servers];
        _means = new float?[servers][];
        Parameters = new float[plan.UpdatedCount];
        for (int i = 0; i < Parameters.Length; i++) Parameters[i] = i * 0.01f;
    }

    public float[] Parameters { get; }

    /// <summary>In these steps slice 1 gives NaN in the last element of the table.</summary>
    public (long From, long Until) NonFinite { get; init; } = (long.MaxValue, long.MaxValue);

    /// <summary>In this step the loss of slice 1 is infinite, and its gradient is not.</summary>
    public long InfiniteLossAt { get; init; } = -1;

    /// <summary>Deliver every push twice.</summary>
    public bool DuplicatePushes { get; init; }

    public long? StopAfterStep { get; init; }

    public RunOutcome? Outcome { get; private set; }

    public FailDiverged? Failure { get; private set; }

    public List<WriteCheckpoint> Checkpoints { get; } = [];

    public List<ReportStep> Steps { get; } = [];

    /// <summary>Which server let workers read exact parameters, after how many steps.</summary>
    public List<(int Server, int Steps)> Shown { get; } = [];

    /// <summary>Which worker copied its residuals.</summary>
    public List<(int Worker, long Version, bool AfterSkip)> Copies { get; } = [];

    public List<(int Worker, long Step, bool AfterSkip)> Computed { get; } = [];

    public List<ReportSkip> Skips { get; } = [];

    public List<ReportStatistics> Statistics { get; } = [];

    public List<ReportEpoch> Epochs { get; } = [];

    public List<(DataPart Part, long Version)> Evaluations { get; } = [];

    /// <summary>Until nothing is under way.</summary>
    public void Run()
    {
        Deliver(Address.Coordinator, new MembersGathered(_workerCount, _serverCount));
        for (int steps = 0; steps < 1_000_000; steps++)
        {
            var ready = _links.Where(l => l.Value.Count > 0).Select(l => l.Key).ToList();
            if (ready.Count == 0) return;
            (Address From, Address To) link = ready[_random.Next(ready.Count)];
            Deliver(link.To, _links[link].Dequeue());
        }
        throw new InvalidOperationException($"No end: {_coordinator.Describe()}; {_servers[0].Describe()}; {_workers[0].Describe()}");
    }

    private void Deliver(Address to, Message message)
    {
        var effects = new EffectList();
        switch (to.Role)
        {
            case Role.Coordinator: _coordinator.Step(message, effects); break;
            case Role.Server: _servers[to.Index].Step(message, effects); break;
            default: _workers[to.Index].Step(message, effects); break;
        }
        foreach (EffectList.Entry entry in effects.Entries.ToArray())
        {
            if (entry.Message is not null) Send(to, entry.Target, entry.Message);
            else Perform(to, entry.Effect!);
        }
    }

    private void Send(Address from, Address to, Message message)
    {
        if (!_links.TryGetValue((from, to), out Queue<Message>? link)) _links[(from, to)] = link = new Queue<Message>();
        link.Enqueue(message);
        if (DuplicatePushes && message is PushGradient) link.Enqueue(message);
    }

    private void Perform(Address self, Effect effect)
    {
        switch (effect)
        {
            case PrepareSlices e:
                Send(self, self, new SlicesPrepared(e.Generation));
                _subtreesOf[self.Index] = e.Subtrees;
                break;
            case ComputeGradient e:
                Computed.Add((self.Index, e.Step, e.AfterSkip));
                Send(self, self, new GradientComputed(e.Generation, e.Step, Gradients(self.Index, e.Step)));
                break;
            case EvaluateSubtrees e:
                Evaluations.Add((e.Part, Steps.Count));
                Send(self, self, new SubtreesEvaluated(e.Generation, e.Part, [.. e.Subtrees.Select(s => new SubtreeSums(s, LeafSums(s, e.Part)))]));
                break;
            case LoadShard e:
                _assignments[self.Index] = new Assignment(e.Generation, _workerCount, _serverCount, _plan.Slices, _plan.UpdatedCount);
                Send(self, self, new ShardLoaded(e.Generation));
                break;
            case CombineGradients e: Combine(self, e); break;
            case ApplyUpdate e: Update(self, e); break;
            case CopyShard e: Send(self, self, new ShardCopied(e.Generation, e.Target, e.Version)); break;
            case RestoreShard e: Send(self, self, new ShardRestored(e.Generation)); break;
            case ShowShard e:
                Shown.Add((self.Index, Steps.Count));
                Send(self, self, new ShardRestored(e.Generation));
                break;
            case CopyResiduals e:
                Copies.Add((self.Index, e.Version, e.AfterSkip));
                Send(self, self, new ResidualsCopied(e.Generation, e.Version, [.. _subtreesOf[self.Index].Select(s => new SubtreeResidual(s, default, 1))]));
                break;
            case WriteCheckpoint e:
                Checkpoints.Add(e);
                Send(self, self, new CheckpointWritten(e.Version));
                break;
            case ReportStep e:
                Steps.Add(e);
                if (e.Step == StopAfterStep) Send(self, self, new StopRequested());
                break;
            case ReportSkip e: Skips.Add(e); break;
            case ReportStatistics e: Statistics.Add(e); break;
            case SearchNonFinite e:
                NonFiniteSlice[] found = e.Subtrees.Any(s => s.First <= 1 && s.End > 1) ? [new NonFiniteSlice(1, 0, [7])] : [];
                Send(self, self, new NonFiniteSearched(e.Generation, e.Step, found));
                break;
            case ReportEpoch e: Epochs.Add(e); break;
            case FinishRun e: Outcome = e.Outcome; break;
            case FailDiverged e: Failure = e; break;
            case MeasureStepping: break;
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    private readonly Dictionary<int, IReadOnlyList<Subtree>> _subtreesOf = [];

    private List<SubtreeGradient> Gradients(int worker, long step)
    {
        float hash = 0;
        foreach (float p in Parameters) hash = MathF.FusedMultiplyAdd(hash, 0.75f, p);
        return [.. _subtreesOf[worker].Select(s => new SubtreeGradient(s, Gradient(s, step, hash), new double[] { Loss(s, step), s.Count, 0 }))];
    }

    private double Loss(Subtree subtree, long step) =>
        step == InfiniteLossAt && subtree.First <= 1 && subtree.End > 1 ? double.PositiveInfinity : subtree.Count;

    private Gradient Gradient(Subtree subtree, long step, float hash)
    {
        var gradient = new Gradient(Layout, subtree.Count);
        float?[] sum = ToyTree.Sum(subtree, node => node.Count == 1 ? Slice(node.First, step, hash) : null);
        ParameterView table = Layout.SparseViews[0];
        for (int i = 0; i < gradient.Dense.Length; i++) gradient.Dense[i] = sum[i]!.Value;
        for (int row = 0; row < table.Shape[0]; row++)
        {
            int start = table.Offset + row * table.Width;
            if (sum[start] is null) continue;
            Span<float> values = gradient.Sparse[0].Append(row);
            for (int column = 0; column < values.Length; column++) values[column] = sum[start + column]!.Value;
        }
        return gradient;
    }

    /// <summary>Null in rows of the table that the slice does not touch.</summary>
    private float?[] Slice(int slice, long step, float hash)
    {
        ParameterView table = Layout.SparseViews[0];
        int[] rows = [145, (int)(slice * 37 + step * 11) % 266, (int)(slice * 5 + step) % 266, slice == 1 ? 265 : 145];
        var gradient = new float?[Layout.Count];
        for (int i = 0; i < gradient.Length; i++)
        {
            if (i < table.Offset || rows.Contains((i - table.Offset) / table.Width))
                gradient[i] = MathF.Sin(slice + step * 0.1f + i) * 0.3f + hash * 0.001f + Parameters[i] * 0.1f;
        }
        if (step >= NonFinite.From && step < NonFinite.Until && slice == 1) gradient[^1] = float.NaN;
        return gradient;
    }

    private static double[] LeafSums(Subtree subtree, DataPart part) => [subtree.Count * (part == DataPart.Test ? 2.0 : 1.0), subtree.Count, 0];

    private void Combine(Address self, CombineGradients e)
    {
        ParameterShard shard = _assignments[self.Index]!.Shard(self.Index);
        float?[] mean = _means[self.Index] = ToyTree.Sum(
            new Subtree(0, _plan.Slices), node => e.Contributions.FirstOrDefault(c => c.Subtree == node) is { } c ? ToyTree.Values(c.Gradient, shard) : null);
        for (int i = 0; i < mean.Length; i++) mean[i] /= _plan.Slices;
        var blocks = mean.Chunk(ParameterLayout.BlockLength).Index().Where(b => b.Item.Any(v => v is not null)).ToList();
        var norms = new SegmentNorms(
            blocks.Select(b => b.Index).ToArray(), blocks.Select(b => b.Item.Sum(v => (double)(v ?? 0) * (v ?? 0))).ToArray());
        double[] sums = self.Index == ParameterServer.Lead ? [.. Enumerable.Range(0, 3).Select(i => e.Contributions.Sum(c => c.Sums.Span[i]))] : [];
        Send(self, self, new GradientsCombined(e.Generation, e.Step, norms, sums));
    }

    private void Update(Address self, ApplyUpdate e)
    {
        double norm = Math.Sqrt(e.Norms.SelectMany(n => n.Squared.ToArray()).Sum());
        float scale = (float)(0.1 * e.RateFactor * Math.Min(1, 1 / norm));
        for (int i = 0; i < Parameters.Length; i++) Parameters[i] -= scale * (_means[self.Index][i] ?? 0);
        // Every third step is sampled: what a server measures is its number and the step.
        ReadOnlyMemory<double>? figures = null;
        if (e.Step % 3 == 0) figures = _assignments[self.Index]!.Shard(self.Index).Count > 0 ? new double[] { self.Index, e.Step } : ReadOnlyMemory<double>.Empty;
        Send(self, self, new UpdateApplied(e.Generation, e.Step, norm > 1, figures));
    }
}
