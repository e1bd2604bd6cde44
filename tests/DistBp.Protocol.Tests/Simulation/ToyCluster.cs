using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>
/// The real state machines in one thread. Their host computes a toy problem with real float arithmetic: the gradient of slice s at step t
/// depends on every parameter, so that a stale read, a lost or a doubled slice changes the final bits; of a table it has some rows only. Messages between two members keep
/// keep their order; which pair's message comes next is drawn from the seed. Each member has memory of its own: what a message does not bring is not there. Members
/// may join, leave and be killed at any moment.
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
    private readonly Coordinator _coordinator;
    private readonly SortedDictionary<int, ToyWorker> _workers = [];
    private readonly SortedDictionary<int, ToyServer> _servers = [];
    private readonly Dictionary<(Address From, Address To), Queue<(Message Message, float[]? Tensor)>> _links = [];
    private readonly HashSet<Address> _leaving = [];
    private readonly List<(int At, Action Change)> _changes = [];
    private readonly float[] _start;
    private readonly Snapshot _captured;
    private Snapshot _saved;

    public ToyCluster(TrainingPlan plan, int workers, int servers, int seed)
    {
        (_plan, _random) = (plan, new Random(seed));
        _coordinator = new Coordinator(plan);
        for (int i = 0; i < workers; i++) AddWorker();
        for (int i = 0; i < servers; i++) AddServer();
        Parameters = new float[plan.UpdatedCount];
        for (int i = 0; i < Parameters.Length; i++) Parameters[i] = i * 0.01f;
        _start = [.. Parameters];
        _captured = new Snapshot(0, plan.StartProgress, new float[plan.UpdatedCount], new float[plan.UpdatedCount], new float[plan.UpdatedCount]);
        _saved = new Snapshot(0, plan.StartProgress, _start, [], []);
    }

    /// <summary>The coordinator's: what the run starts from, and what it leaves.</summary>
    public float[] Parameters { get; }

    public int Deliveries { get; private set; }

    public List<AnnounceAssignment> Assignments { get; } = [];

    public List<GoBack> GoneBack { get; } = [];

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

    /// <summary>Where each goes at its own pace: what a worker was told of the version that it reads for a step, and how many steps every worker had computed by then.</summary>
    public List<(int Worker, long Step, long Version, long Computed)> Reads { get; } = [];

    /// <summary>A worker of whom messages come only when there are no others, or one time in twenty.</summary>
    public int SlowWorker { get; init; } = -1;

    public List<(int Worker, long Step, bool AfterSkip)> Computed { get; } = [];

    public List<ReportLostResiduals> LostResiduals { get; } = [];

    /// <summary>As <see cref="Steps"/>, cut back where the run went back to a checkpoint: what a ledger would hold.</summary>
    public List<ReportStep> Ledger { get; } = [];

    public List<ReportSkip> Skips { get; } = [];

    public List<ReportStatistics> Statistics { get; } = [];

    public List<ReportEpoch> Epochs { get; } = [];

    public List<(DataPart Part, long Version)> Evaluations { get; } = [];

    public int AddWorker()
    {
        int number = _nextWorker++;
        _workers[number] = new ToyWorker(new Worker(number, _plan.Consistency, _plan.KeepsResiduals), new float[_plan.UpdatedCount]);
        return number;
    }

    public int AddServer()
    {
        int number = _nextServer++;
        _servers[number] = new ToyServer(new ParameterServer(number, _plan.Consistency));
        return number;
    }

    /// <summary>After so many deliveries.</summary>
    public void At(int delivery, Action change) => _changes.Add((delivery, change));

    public void Join(Role role)
    {
        if (role == Role.Worker) AddWorker();
        else AddServer();
        TellMembers([]);
    }

    /// <summary>The member does what is asked of it until it is released.</summary>
    public void Leave(Address member)
    {
        _leaving.Add(member);
        TellMembers([]);
    }

    /// <summary>Nothing comes from it any more, not even what is under way.</summary>
    public void Kill(Address member)
    {
        if (member.Role == Role.Worker) _workers.Remove(member.Index);
        else _servers.Remove(member.Index);
        foreach (var link in _links.Where(l => l.Key.From == member || l.Key.To == member)) link.Value.Clear();
        TellMembers([member]);
    }

    /// <summary>One who is there.</summary>
    public Address AnyMember(Role role)
    {
        int[] numbers = role == Role.Worker ? [.. _workers.Keys] : [.. _servers.Keys];
        return new Address(role, numbers[_random.Next(numbers.Length)]);
    }

    public int Count(Role role) => (role == Role.Worker ? _workers.Keys : _servers.Keys.AsEnumerable()).Count(n => !_leaving.Contains(new Address(role, n)));

    /// <summary>Until nothing is under way.</summary>
    public void Run()
    {
        TellMembers([]);
        for (Deliveries = 0; Deliveries < 1_000_000; Deliveries++)
        {
            foreach ((_, Action change) in _changes.Where(c => c.At == Deliveries).ToList()) change();
            // Where all wait for a change, time passes.
            if (_links.Values.All(l => l.Count == 0) && _changes.Exists(c => c.At > Deliveries)) continue;
            var ready = _links.Where(l => l.Value.Count > 0).Select(l => l.Key).ToList();
            if (ready.Count == 0) return;
            // A slow worker has its gradient later than others, what others send comes in time.
            if (SlowWorker >= 0 && ready.Count > 1 && _random.Next(20) > 0) ready.Remove((Address.Worker(SlowWorker), Address.Worker(SlowWorker)));
            (Address From, Address To) link = ready[_random.Next(ready.Count)];
            (Message message, float[]? tensor) = _links[link].Dequeue();
            Deliver(link.To, message, tensor);
        }
        throw new InvalidOperationException($"No end: {Describe()}");
    }

    public string Describe() => string.Join(
        "; ", [_coordinator.Describe(), .. _servers.Values.Select(s => s.Machine.Describe()), .. _workers.Values.Select(w => w.Machine.Describe())]);

    private void TellMembers(Address[] lost)
    {
        int[] workers = [.. _workers.Keys.Where(w => !_leaving.Contains(Address.Worker(w)))], servers = [.. _servers.Keys.Where(s => !_leaving.Contains(Address.Server(s)))];
        Deliver(Address.Coordinator, new MembersChanged(workers, servers, lost), null);
    }

    private void Deliver(Address to, Message message, float[]? tensor)
    {
        var effects = new EffectList();
        switch (to.Role)
        {
            case Role.Coordinator:
                if (message is ShardCaptured captured && captured.Generation == _generation) Receive(captured, tensor!);
                _coordinator.Step(message, effects);
                break;
            case Role.Server: _servers[to.Index].Machine.Step(message, effects); break;
            default:
                if (message is ShardCommitted committed) Receive(_workers[to.Index], committed, tensor!);
                if (message is Assign assign) (_workers[to.Index].Assignment, _workers[to.Index].Clock) = (assign.Assignment, assign.Version);
                if (message is GradientComputed computed) _workers[to.Index].Clock = computed.Step + 1;
                _workers[to.Index].Machine.Step(message, effects);
                break;
        }
        foreach (EffectList.Entry entry in effects.Entries.ToArray())
        {
            if (entry.Message is not null) Send(to, entry.Target, entry.Message);
            else Perform(to, entry.Effect!);
        }
    }

    /// <summary>
    /// The range's offset stands before its parameters. Fenced by the newest generation that anything came of, not by the one that the worker knows: after a
    /// way back to a checkpoint a late shard of the old generation has another history.
    /// </summary>
    private static void Receive(ToyWorker worker, ShardCommitted message, float[] tensor)
    {
        if (message.Generation < worker.Newest) return;
        worker.Newest = message.Generation;
        tensor.AsSpan(1).CopyTo(worker.Replica.AsSpan((int)tensor[0]));
    }

    private void Receive(ShardCaptured message, float[] tensor)
    {
        int offset = (int)tensor[0], count = (tensor.Length - 1) / 3;
        Span<float> all = tensor.AsSpan(1);
        float[] destination = message.Target switch { CaptureTarget.Final => Parameters, CaptureTarget.Best => _captured.Best, _ => _captured.Parameters };
        all[..count].CopyTo(destination.AsSpan(offset));
        if (message.Target == CaptureTarget.Checkpoint) all.Slice(count, count).CopyTo(_captured.State.AsSpan(offset));
    }

    private void Send(Address from, Address to, Message message)
    {
        if (message is Assign assign) _generation = assign.Generation;
        if (to.Role == Role.Worker && !_workers.ContainsKey(to.Index)) return;
        if (to.Role == Role.Server && !_servers.ContainsKey(to.Index)) return;
        if (!_links.TryGetValue((from, to), out var link)) _links[(from, to)] = link = new();
        link.Enqueue((message, TensorOf(from, message)));
        if (DuplicatePushes && message is PushGradient) link.Enqueue((message, null));
    }

    private float[]? TensorOf(Address from, Message message)
    {
        ToyShard? shard = message is ShardCommitted or ShardCaptured ? _servers[from.Index].Shards[((MemberMessage)message).Generation] : null;
        return message switch
        {
            ShardCommitted => [shard!.Range.Offset, .. shard.Parameters],
            ShardCaptured => [shard!.Range.Offset, .. shard.Parameters, .. shard.State, .. shard.Best],
            _ => null,
        };
    }

    private void Perform(Address self, Effect effect)
    {
        switch (effect)
        {
            case PrepareSlices e:
                _workers[self.Index].Subtrees = e.Subtrees;
                _workers[self.Index].Residuals[e.Generation] = [.. e.Subtrees.Select(s => ToyResidual.Of(s, e.Handed.SelectMany(h => h.Residuals)))];
                Send(self, self, new SlicesPrepared(e.Generation));
                break;
            case VoidResiduals e: _workers[self.Index].VoidAt = e.Version; break;
            case ComputeGradient e:
                Computed.Add((self.Index, e.Step, _workers[self.Index].VoidAt == e.Step));
                foreach (ShardRead read in e.Shards)
                {
                    read.Parameters.Span.CopyTo(_workers[self.Index].Replica.AsSpan(_workers[self.Index].Assignment.Shard(read.Server).Offset));
                    Reads.Add((self.Index, e.Step, read.Version, MinClock(_workers[self.Index].Assignment)));
                }
                foreach (ToyResidual residual in _workers[self.Index].Residuals[e.Generation]) residual.Compute(e.Step, _workers[self.Index].VoidAt == e.Step);
                Send(self, self, new GradientComputed(e.Generation, e.Step, Gradients(self.Index, e.Step)));
                break;
            case EvaluateSubtrees e:
                Evaluations.Add((e.Part, Steps.Count));
                Send(self, self, new SubtreesEvaluated(e.Generation, e.Part, [.. e.Subtrees.Select(s => new SubtreeSums(s, LeafSums(s, e.Part)))]));
                break;
            case ShareShard e:
                Send(self, Address.Worker(e.Worker), new ShardRead(e.Generation, self.Index, e.Step, e.Version, (float[])[.. _servers[self.Index].Shards[e.Generation].Parameters]));
                break;
            case HandOverAll e: HandOver(e.Assignment); break;
            case HandOver e: HandOver(self.Index, e); break;
            case LoadShard e: Load(self, e); break;
            case KeepShard e:
                foreach (Generation other in _servers[self.Index].Shards.Keys.Where(g => g != e.Generation).ToList()) _servers[self.Index].Shards.Remove(other);
                break;
            case AnnounceAssignment e: Announce(e); break;
            case GoBack e:
                GoneBack.Add(e);
                Ledger.RemoveAll(step => step.Step >= _saved.Version);
                _saved.Parameters.CopyTo(Parameters, 0);
                Send(self, self, new WentBack(_saved.Version, _saved.Progress));
                break;
            case CombineGradients e: Combine(self, e); break;
            case ApplyUpdate e: Update(self, e); break;
            case CopyShard e:
                ToyShard copied = _servers[self.Index].Shards[e.Generation];
                if (e.Target == CaptureTarget.Best) copied.Best = [.. copied.Parameters];
                Send(self, self, new ShardCopied(e.Generation, e.Target, e.Version));
                break;
            case RestoreShard e:
                ToyShard restored = _servers[self.Index].Shards[e.Generation];
                restored.Best.CopyTo(restored.Parameters, 0);
                Send(self, self, new ShardRestored(e.Generation));
                break;
            case ShowShard e:
                Shown.Add((self.Index, Steps.Count));
                Send(self, self, new ShardRestored(e.Generation));
                break;
            case CopyResiduals e:
                Copies.Add((self.Index, e.Version, e.AfterSkip));
                Send(self, self, new ResidualsCopied(
                    e.Generation, e.Version, [.. _workers[self.Index].Residuals[e.Generation].Select(r => r.Settled(e.Version, e.AfterSkip))]));
                break;
            case HandOverResiduals e:
                Send(self, Address.Worker(e.Worker), new HandResiduals(e.Generation, self, [.. _workers[self.Index].Residuals[e.From]
                    .Where(r => e.Subtrees.Contains(r.Subtree)).Select(r => r.Settled(e.Version, e.AfterSkip))]));
                break;
            case KeepResiduals e:
                foreach (Generation other in _workers[self.Index].Residuals.Keys.Where(g => g != e.Generation).ToList()) _workers[self.Index].Residuals.Remove(other);
                break;
            case ReportLostResiduals e: LostResiduals.Add(e); break;
            case WriteCheckpoint e:
                Checkpoints.Add(e);
                _saved = new Snapshot(e.Version, e.Progress, [.. _captured.Parameters], [.. _captured.State], [.. _captured.Best]) { Residuals = e.Residuals };
                Send(self, self, new CheckpointWritten(e.Version));
                break;
            case ReportStep e:
                Steps.Add(e);
                Ledger.Add(e);
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
            case MeasureStepping or PersistReports: break;
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    private Generation _generation;
    private int _nextWorker;
    private int _nextServer;

    private void HandOver(Assignment assignment)
    {
        foreach (int server in assignment.Servers)
        {
            ParameterShard shard = assignment.Shard(server);
            if (shard.Count == 0) continue;
            Send(Address.Coordinator, Address.Server(server), new HandShard(
                assignment.Generation, shard, Cut(Parameters, shard), _saved.State.Length == 0 ? [] : [Cut(_saved.State, shard)], Cut(_saved.Best, shard)));
        }
        foreach (int worker in _plan.KeepsResiduals ? assignment.Workers.Where(w => assignment.Subtrees(w).Count > 0) : [])
            Send(Address.Coordinator, Address.Worker(worker), new HandResiduals(assignment.Generation, Address.Coordinator, _saved.Residuals));
    }

    private void HandOver(int self, HandOver effect)
    {
        ToyShard old = _servers[self].Shards[effect.From];
        var range = new ParameterShard(effect.Range.Offset - old.Range.Offset, effect.Range.Count);
        Send(Address.Server(self), Address.Server(effect.Server), new HandShard(
            effect.Generation, effect.Range, Cut(old.Parameters, range), [Cut(old.State, range)], Cut(old.Best, range)));
    }

    private static float[] Cut(float[] values, ParameterShard range) => values.Length == 0 ? [] : values.AsSpan(range.Offset, range.Count).ToArray();

    private void Load(Address self, LoadShard effect)
    {
        var shard = new ToyShard(effect.Shard);
        foreach (HandShard handed in effect.Handed)
        {
            int at = handed.Range.Offset - effect.Shard.Offset;
            handed.Parameters.Span.CopyTo(shard.Parameters.AsSpan(at));
            if (handed.State.Count > 0) handed.State[0].Span.CopyTo(shard.State.AsSpan(at));
            handed.Best.Span.CopyTo(shard.Best.AsSpan(at));
        }
        _servers[self.Index].Shards[effect.Generation] = shard;
        Send(self, self, new ShardLoaded(effect.Generation));
    }

    private void Announce(AnnounceAssignment effect)
    {
        Assignments.Add(effect);
        foreach (Address gone in _leaving.ToList())
        {
            if (gone.Role == Role.Worker ? effect.Assignment.HasWorker(gone.Index) : effect.Assignment.HasServer(gone.Index)) continue;
            _leaving.Remove(gone);
            if (gone.Role == Role.Worker) _workers.Remove(gone.Index);
            else _servers.Remove(gone.Index);
            foreach (var link in _links.Where(l => l.Key.To == gone)) link.Value.Clear();
        }
    }

    private List<SubtreeGradient> Gradients(int worker, long step)
    {
        float hash = 0;
        foreach (float p in _workers[worker].Replica) hash = MathF.FusedMultiplyAdd(hash, 0.75f, p);
        return [.. _workers[worker].Subtrees.Select(s => new SubtreeGradient(s, Gradient(s, step, hash, _workers[worker].Replica), new double[] { Loss(s, step), s.Count, 0 }))];
    }

    private double Loss(Subtree subtree, long step) =>
        step == InfiniteLossAt && subtree.First <= 1 && subtree.End > 1 ? double.PositiveInfinity : subtree.Count;

    private Gradient Gradient(Subtree subtree, long step, float hash, float[] parameters)
    {
        var gradient = new Gradient(Layout, subtree.Count);
        float?[] sum = ToyTree.Sum(subtree, node => node.Count == 1 ? Slice(node.First, step, hash, parameters) : null);
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
    private float?[] Slice(int slice, long step, float hash, float[] parameters)
    {
        ParameterView table = Layout.SparseViews[0];
        int[] rows = [145, (int)(slice * 37 + step * 11) % 266, (int)(slice * 5 + step) % 266, slice == 1 ? 265 : 145];
        var gradient = new float?[Layout.Count];
        for (int i = 0; i < gradient.Length; i++)
        {
            if (i < table.Offset || rows.Contains((i - table.Offset) / table.Width))
                gradient[i] = MathF.Sin(slice + step * 0.1f + i) * 0.3f + hash * 0.001f + parameters[i] * 0.1f;
        }
        if (step >= NonFinite.From && step < NonFinite.Until && slice == 1) gradient[^1] = float.NaN;
        return gradient;
    }

    private long MinClock(Assignment assignment) => assignment.Workers.Where(w => assignment.Subtrees(w).Count > 0 && _workers.ContainsKey(w)).Min(w => _workers[w].Clock);

    private static double[] LeafSums(Subtree subtree, DataPart part) => [subtree.Count * (part == DataPart.Test ? 2.0 : 1.0), subtree.Count, 0];

    private void Combine(Address self, CombineGradients e)
    {
        ToyServer server = _servers[self.Index];
        ParameterShard shard = server.Shards[e.Generation].Range;
        float?[] mean = server.Mean = ToyTree.Sum(
            new Subtree(0, _plan.Slices), node => e.Contributions.FirstOrDefault(c => c.Subtree == node) is { } c ? ToyTree.Values(c.Gradient, shard)
                : e.Contributions.Any(c => c.Subtree.First < node.End && node.First < c.Subtree.End) ? null : new float?[Layout.Count]);
        for (int i = 0; i < mean.Length; i++) mean[i] /= e.Contributions.Sum(c => c.Subtree.Count);
        var blocks = mean.Chunk(ParameterLayout.BlockLength).Index().Where(b => b.Item.Any(v => v is not null)).ToList();
        var norms = new SegmentNorms(
            blocks.Select(b => b.Index).ToArray(), blocks.Select(b => b.Item.Sum(v => (double)(v ?? 0) * (v ?? 0))).ToArray());
        double[] sums = e.Leads ? [.. Enumerable.Range(0, 3).Select(i => e.Contributions.Sum(c => c.Sums.Span[i]))] : [];
        Send(self, self, new GradientsCombined(e.Generation, e.Step, norms, sums));
    }

    /// <summary>SGD with momentum: the state must follow the shard.</summary>
    private void Update(Address self, ApplyUpdate e)
    {
        ToyServer server = _servers[self.Index];
        ToyShard shard = server.Shards[e.Generation];
        double norm = Math.Sqrt(e.Norms.SelectMany(n => n.Squared.ToArray()).Sum());
        float scale = (float)(0.1 * e.RateFactor * Math.Min(1, 1 / norm));
        for (int i = 0; i < shard.Range.Count; i++)
        {
            shard.State[i] = 0.5f * shard.State[i] + scale * (server.Mean[shard.Range.Offset + i] ?? 0);
            shard.Parameters[i] -= shard.State[i];
        }
        // Every third step is sampled: what a server measures is its number and the step.
        double[]? figures = null;
        if (e.Step % 3 == 0) figures = shard.Range.Count > 0 ? [self.Index, e.Step] : [];
        Send(self, self, new UpdateApplied(e.Generation, e.Step, norm > 1, figures));
    }

    private sealed record Snapshot(long Version, TrainingProgress Progress, float[] Parameters, float[] State, float[] Best)
    {
        public IReadOnlyList<SubtreeResidual> Residuals { get; init; } = [];
    }

    private sealed class ToyShard(ParameterShard range)
    {
        public ParameterShard Range => range;

        public float[] Parameters { get; } = new float[range.Count];

        public float[] State { get; } = new float[range.Count];

        public float[] Best { get; set; } = new float[range.Count];
    }

    private sealed class ToyServer(ParameterServer machine)
    {
        public ParameterServer Machine => machine;

        public Dictionary<Generation, ToyShard> Shards { get; } = [];

        public float?[] Mean { get; set; } = [];
    }

    private sealed class ToyWorker(Worker machine, float[] replica)
    {
        public Worker Machine => machine;

        public float[] Replica => replica;

        public Generation Newest { get; set; }

        public Assignment Assignment { get; set; } = null!;

        public long Clock { get; set; }

        public long VoidAt { get; set; } = -1;

        public IReadOnlyList<Subtree> Subtrees { get; set; } = [];

        public Dictionary<Generation, ToyResidual[]> Residuals { get; } = [];
    }
}
