using System.Runtime.InteropServices;
using DistBp.Cluster.Wire.Tensors;
using DistBp.Learning;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Encodings;
using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;
using DistBp.Protocol;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A server's memory for its shard: the optimizer's state; the parameters are a range of the shared buffer. Where workers are to read rounded
/// ones, the exact ones of what is trained and dense are kept here, and the shared buffer has them rounded. The mean gradient of what is
/// dense is never written out: both passes over the shard, for the norms and for the update, make it anew from the workers' gradients, one segment at a
/// time in the nearest cache, which costs less than writing it to memory and reading it again.
/// A copy of another server's shard is the same but for its parameters, which nobody reads: they are exact, and in memory of its own.
/// </summary>
internal sealed class ShardState
{
    private readonly TrainingMemory _memory;
    private readonly Descent _descent;
    private readonly TensorBuffer _parameters;
    private readonly SubtreeCombination _combination = new();
    private readonly TensorBuffer _mean = new(ParameterLayout.BlockLength);
    private readonly TensorBuffer[] _state;
    private readonly TableShard[] _tables;
    private readonly (int First, int Count) _trained;
    private readonly (int First, int Count) _statistics;
    private readonly NormList _norms;
    private readonly NormList _allNorms;
    private readonly float[] _scales;
    private readonly SegmentFigures _figures;
    private readonly TensorBuffer? _exact;
    private readonly int _from;
    private readonly bool _isCopy;

    /// <summary>[Shard.Count] of a copy: the parameters of the best epoch.</summary>
    private TensorBuffer? _ownBest;
    private SubtreeCombination? _arrived;
    private int _samples;

    /// <param name="isCopy">Whether another server owns the shard.</param>
    public ShardState(TrainingMemory memory, ParameterShard shard, bool isCopy = false)
        : this(memory, memory.ServerDescent, shard, isCopy ? new TensorBuffer(shard.Count) : memory.Parameters, isCopy ? shard.Offset : 0)
    {
        _isCopy = isCopy;
        if (!isCopy && memory.Job.Wire.Parameters != ParameterEncoding.F32) _exact = new TensorBuffer(shard.Before(memory.Network.Parameters.DenseTrainedCount).Count);
    }

    /// <param name="parameters">What is moved: the flat buffer from <paramref name="from"/> on.</param>
    public ShardState(TrainingMemory memory, Descent descent, ParameterShard shard, TensorBuffer parameters, int from = 0)
    {
        ParameterLayout layout = memory.Network.Parameters;
        (_descent, _parameters, _from) = (descent, parameters, from);
        (_memory, Shard, TrainedShard) = (memory, shard, shard.Before(layout.TrainedCount));
        _state = [.. Enumerable.Range(0, descent.Optimizer.StateCount).Select(_ => new TensorBuffer(TrainedShard.Count))];
        ParameterShard dense = shard.Before(layout.DenseTrainedCount);
        _trained = memory.Segments.Range(dense.Offset, dense.End);
        _statistics = memory.Segments.Range(Math.Max(shard.Offset, layout.TrainedCount), Math.Max(shard.End, layout.TrainedCount));
        _tables = [.. Enumerable.Range(0, layout.SparseViews.Count).Select(table => new TableShard(memory, descent, shard, table, parameters, from))];
        int segments = memory.Segments.Range(shard.Offset, shard.End).Count;
        _norms = new NormList(segments);
        _figures = new SegmentFigures(segments);
        _allNorms = new NormList(memory.Segments.Count);
        _scales = new float[memory.Segments.ViewCount];
        for (int i = 0; i < _state.Length; i++) _state[i].Span.Fill(descent.Optimizer.InitialValue(i));
    }

    public ParameterShard Shard { get; }

    /// <summary>Without running statistics: what the optimizer moves.</summary>
    public ParameterShard TrainedShard { get; }

    /// <summary>The step that was applied last; −1: none since the shard was loaded.</summary>
    public long ChangedBy { get; private set; } = -1;

    /// <summary>Whether workers read exact parameters, although the job has them rounded.</summary>
    public bool ShowsExact { get; private set; }

    /// <summary>The shard's parts of the tables of rows, in the order of <see cref="ParameterLayout.SparseViews"/>.</summary>
    public IReadOnlyList<TableShard> Tables => _tables;

    /// <summary>Of the last combined step.</summary>
    public SegmentNorms Norms => _norms.Norms;

    /// <summary>Whether an element of the last combined step was above the limit of clip.value.</summary>
    public bool Clamped { get; private set; }

    /// <summary>Whether a norm of the last applied step was above its limit.</summary>
    public bool Clipped { get; private set; }

    /// <summary>Of the segments in a sampled step that was just applied, a copy; null for another step.</summary>
    public double[]? FiguresOf(long step) => _memory.IsSampled(step) ? _figures.Values.ToArray() : null;

    /// <summary>As many as the optimizer keeps, each as long as <see cref="TrainedShard"/>.</summary>
    public IReadOnlyList<TensorBuffer> OptimizerState => _state;

    /// <summary>A hash of the exact parameters and of the optimizer's state: the same for a shard and its copies.</summary>
    public ulong Digest
    {
        get
        {
            uint parameters = Checksum.Begin, state = Checksum.Begin;
            int exact = _exact?.Length ?? 0;
            if (_exact is not null) parameters = Checksum.Extend(parameters, MemoryMarshal.AsBytes(_exact.Span));
            parameters = Checksum.Extend(parameters, MemoryMarshal.AsBytes(Parameters[exact..]));
            foreach (TensorBuffer buffer in _state) state = Checksum.Extend(state, MemoryMarshal.AsBytes(buffer.Span));
            return ((ulong)Checksum.End(parameters) << 32) | Checksum.End(state);
        }
    }

    /// <summary>Of a shard as workers read them.</summary>
    private Span<float> Parameters => _parameters.Span.Slice(Shard.Offset - _from, Shard.Count);

    /// <summary>A copy of the exact parameters [Shard.Count].</summary>
    public void CopyTo(Span<float> parameters)
    {
        Parameters.CopyTo(parameters);
        _exact?.Span.CopyTo(parameters);
    }

    /// <summary>The shard becomes these exact parameters [Shard.Count], and workers read them as they are.</summary>
    public void Restore(ReadOnlySpan<float> parameters)
    {
        parameters.CopyTo(Parameters);
        ShowsExact = true;
        if (_exact is not null) parameters[.._exact.Length].CopyTo(_exact.Span);
    }

    /// <summary>The parameters of the best epoch, which a copy keeps itself.</summary>
    public void KeepBest() => CopyTo((_ownBest ??= new TensorBuffer(Shard.Count)).Span);

    /// <summary>What <see cref="KeepBest"/> has kept.</summary>
    public void RestoreBest() => Restore(_ownBest!.Span);

    /// <summary>A copy of the parameters as workers read them [Shard.Count].</summary>
    public void ShareTo(Span<float> parameters) => Parameters.CopyTo(parameters);

    /// <summary>From here on workers read the exact parameters.</summary>
    public void Show()
    {
        _exact?.Span.CopyTo(Parameters);
        ShowsExact = true;
    }

    /// <summary>Takes over what the servers before, or the coordinator, had of the shard.</summary>
    public void Take(HandShard handed)
    {
        int offset = handed.Range.Offset - Shard.Offset;
        handed.Parameters.Span.CopyTo(Parameters[offset..]);
        if (_exact is not null && offset < _exact.Length)
        {
            ReadOnlySpan<float> exact = handed.Parameters.Span[..Math.Min(handed.Range.Count, _exact.Length - offset)];
            exact.CopyTo(_exact.Span[offset..]);
            _memory.Job.Wire.Parameters.Round(exact, Parameters[offset..]);
        }
        for (int i = 0; i < handed.State.Count; i++) handed.State[i].Span.CopyTo(_state[i].Span[Math.Min(handed.Range.Offset - Shard.Offset, _state[i].Length)..]);
        if (handed.Best.IsEmpty) return;
        if (!_isCopy) handed.Best.Span.CopyTo(_memory.Snapshots.Best.Span[handed.Range.Offset..]);
        else handed.Best.Span.CopyTo((_ownBest ??= new TensorBuffer(Shard.Count)).Span[offset..]);
    }

    /// <summary>A range of the shard for its next owner; by reference: nothing steps before all members are ready.</summary>
    public HandShard Hand(Generation generation, ParameterShard range)
    {
        ParameterShard trained = range.Overlap(TrainedShard) is { Count: > 0 } some ? some : new ParameterShard(Shard.Offset, 0);
        return new HandShard(
            generation, range, ExactOf(range),
            [.. _state.Select(s => (ReadOnlyMemory<float>)s.Memory.Slice(trained.Offset - Shard.Offset, trained.Count))], BestOf(range));
    }

    /// <summary>The squared norms of the step's mean gradient, in the order of the flat buffer.</summary>
    /// <param name="root">Takes the sum over all slices, which the update is made from too; null: nobody else needs it.</param>
    public void Combine(CombineGradients request, ShardRoot? root = null)
    {
        root?.Begin(request.Step);
        if (root is not null) (_arrived ??= new SubtreeCombination()).Begin(request.Contributions, _memory.Job.Slices);
        _combination.Begin(root?.AsContribution ?? request.Contributions, _memory.Job.Slices);
        // Slices of a last, small mini-batch may be empty: their gradient is 0.
        int samples = _samples = Math.Max(1, _memory.SamplesOfStep(request.Step, request.Contributions));
        _norms.Clear();
        Clamped = false;
        for (int i = _trained.First; i < _trained.First + _trained.Count; i++)
        {
            NormSegment segment = _memory.Segments[i];
            if (root is not null) Sum(segment, root);
            _norms.Add(i, Mean(segment, samples));
            Clamped |= _descent.IsClamped(_mean.Span[..segment.Count]);
        }
        foreach (TableShard table in _tables) Clamped |= table.Combine(request.Contributions, samples, _norms, root);
        root?.EndTables();
        for (int i = _statistics.First; i < _statistics.First + _statistics.Count; i++)
        {
            // A statistic is no gradient, but one that is not finite rejects the step too.
            if (root is not null) Sum(_memory.Segments[i], root);
            double squaredNorm = Mean(_memory.Segments[i], samples);
            _norms.Add(i, double.IsFinite(squaredNorm) ? 0 : squaredNorm);
        }
        StepPhases.End(StepPhase.Reduce);
    }

    /// <summary>A copy makes the step that its owner makes: from the same sum, clipped by the same norms.</summary>
    /// <param name="update">The step of the server that keeps the copy.</param>
    public void Follow(ReplicateGradient owner, ApplyUpdate update)
    {
        PushGradient[] root = [ShardRoot.Contribution(owner.Generation, _memory.Job.Slices, owner.Step, owner.Root)];
        _combination.Begin(root, _memory.Job.Slices);
        _samples = _memory.SamplesOfStep(owner.Step);
        _norms.Clear();
        foreach (TableShard table in _tables) table.Combine(root, _samples, _norms);
        Update(update);
    }

    /// <summary>Metric sums over the mini-batch, or those of the update one after the other: the workers' sums along the same tree.</summary>
    public double[] Sums(CombineGradients request)
    {
        int next = 0;
        return Sum(new Subtree(0, _memory.Job.Slices), request.Contributions, ref next);
    }

    /// <summary>
    /// Clip by norms, of which each server computes the same factors from the same numbers, and update. The contributions are those that
    /// <see cref="Combine"/> was given: workers leave them unchanged until the step is committed.
    /// </summary>
    public void Update(ApplyUpdate request)
    {
        _allNorms.Clear();
        // By index: enumerating an interface would allocate in each step.
        for (int server = 0; server < request.Norms.Count; server++) _allNorms.Add(request.Norms[server]);
        Clipped = ClipPlan.Compute(_descent.Clip, _memory.Segments, _allNorms.Squared, _scales, _allNorms.Segments).Clipped;
        SegmentFigures? figures = !_isCopy && _memory.IsSampled(request.Step) ? _figures : null;
        figures?.Clear();
        double rate = _descent.Rate(request.Step, request.RateFactor);
        int samples = _samples;
        for (int i = _trained.First; i < _trained.First + _trained.Count; i++)
        {
            NormSegment segment = _memory.Segments[i];
            Mean(segment, samples);
            int offset = segment.Offset - Shard.Offset;
            Span<float> parameters = Exact(segment);
            figures?.BeforeUpdate(i, _mean.Span[..segment.Count], parameters);
            _descent.Optimizer.Update(
                request.Update, rate * _descent.RateFactorOf(segment.View), _scales[segment.View], parameters, _mean.Span[..segment.Count], _state, offset);
            figures?.AfterUpdate(parameters);
            if (_exact is not null) _memory.Job.Wire.Parameters.Round(parameters, Parameters[offset..]);
        }
        foreach (TableShard table in _tables) table.Update(request.Update, rate * _descent.RateFactorOf(table.View), _scales[table.View], _state, figures);
        for (int i = _statistics.First; i < _statistics.First + _statistics.Count; i++)
        {
            NormSegment segment = _memory.Segments[i];
            Mean(segment, samples);
            RunningAverages.Move(Parameters.Slice(segment.Offset - Shard.Offset, segment.Count), _mean.Span[..segment.Count], _descent.MomentumOf(segment));
        }
        (ChangedBy, ShowsExact) = (request.Step, false);
        StepPhases.End(StepPhase.Update);
    }

    /// <summary>What has arrived of the segment, into the root.</summary>
    private void Sum(NormSegment segment, ShardRoot root)
    {
        int dense = DenseOffset(segment);
        _arrived!.Operands(dense, segment.Count, out ReadOnlySpan<float> left, out ReadOnlySpan<float> right);
        root.Write(dense, left, right);
    }

    /// <summary>Root of the tree, mean over the mini-batch, regularization and clip by value into <see cref="_mean"/>.</summary>
    /// <returns>Its squared norm.</returns>
    private double Mean(NormSegment segment, int samples)
    {
        _combination.Operands(DenseOffset(segment), segment.Count, out ReadOnlySpan<float> left, out ReadOnlySpan<float> right);
        return GradientReduction.MeanAndNorm(
            left, right, samples, _mean.Span[..segment.Count], Exact(segment), _descent.TreatmentOf(segment));
    }

    /// <summary>Where the segment begins in the shard's part of the flat gradient buffer.</summary>
    private int DenseOffset(NormSegment segment) =>
        _memory.Network.Parameters.DenseOffset(segment.Offset) - _memory.Network.Parameters.DenseOffset(Shard.Offset);

    /// <summary>The segment's parameters as this server updates them.</summary>
    private Span<float> Exact(NormSegment segment)
    {
        int offset = segment.Offset - Shard.Offset;
        return (_exact is not null && offset < _exact.Length ? _exact.Span : Parameters).Slice(offset, segment.Count);
    }

    private ReadOnlyMemory<float> BestOf(ParameterShard range)
    {
        if (!_isCopy) return _memory.Snapshots.BestOf(range);
        // Not by ?: , in which null would become an empty memory of another type.
        if (_ownBest is null) return default;
        return _ownBest.Memory.Slice(range.Offset - Shard.Offset, range.Count);
    }

    /// <summary>By reference where they are in one piece.</summary>
    private ReadOnlyMemory<float> ExactOf(ParameterShard range)
    {
        if (_exact is null) return _parameters.Memory.Slice(range.Offset - _from, range.Count);
        var parameters = new float[Shard.Count];
        CopyTo(parameters);
        return parameters.AsMemory(range.Offset - Shard.Offset, range.Count);
    }

    private double[] Sum(Subtree node, IReadOnlyList<PushGradient> contributions, ref int next)
    {
        if (contributions[next].Subtree == node) return contributions[next++].Sums.ToArray();
        // Where nothing of the left half was applied, the right half is all there is.
        if (contributions[next].Subtree.First >= node.Right.First) return Sum(node.Right, contributions, ref next);
        double[] sums = Sum(node.Left, contributions, ref next);
        if (next == contributions.Count || contributions[next].Subtree.First >= node.End) return sums;
        // Added where it is: a copy would be garbage in each step.
        if (contributions[next].Subtree == node.Right) AddSums(sums, contributions[next++].Sums.Span);
        else AddSums(sums, Sum(node.Right, contributions, ref next));
        return sums;
    }

    private void AddSums(Span<double> sums, ReadOnlySpan<double> other)
    {
        int count = _memory.Job.Consistency is LocalSgdMode ? _memory.Network.Metrics.Count : sums.Length;
        for (int at = 0; at < sums.Length; at += count) _memory.Network.AddSums(sums.Slice(at, count), other.Slice(at, count));
    }
}
