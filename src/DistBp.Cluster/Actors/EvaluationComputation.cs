using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>A worker's share of an evaluation: metric sums of its subtrees of leaves, added along the reduction tree.</summary>
internal sealed class EvaluationComputation : IComputation
{
    /// <summary>Leaves in one pass: bounds the workspace whatever the part's size.</summary>
    private const int LeavesPerPass = 4;

    private readonly TrainingMemory _memory;
    private readonly Action<EvaluateSubtrees, IReadOnlyList<SubtreeSums>> _done;
    private readonly NetworkWorkspace _workspace;
    private readonly SliceRows _rows = new(LeavesPerPass);

    public EvaluationComputation(TrainingMemory memory, Action<EvaluateSubtrees, IReadOnlyList<SubtreeSums>> done)
    {
        (_memory, _done) = (memory, done);
        _workspace = memory.Network.CreateWorkspace(LeavesPerPass * EvaluationTree.SamplesPerLeaf, LeavesPerPass, maxSliceRows: 1);
    }

    /// <summary>Set before the computation is enqueued.</summary>
    public EvaluateSubtrees? Request { get; set; }

    public void Run()
    {
        EvaluateSubtrees request = Request!;
        Dataset data = _memory.Part(request.Part);
        var sums = new List<SubtreeSums>(request.Subtrees.Count);
        double[]? Known(Subtree node) => node.Count <= LeavesPerPass ? Pass(data, node) : null;
        foreach (Subtree subtree in request.Subtrees) sums.Add(new SubtreeSums(subtree, ReductionTree.Sum(subtree, Known)));
        _done(request, sums);
    }

    private double[] Pass(Dataset data, Subtree node)
    {
        _rows.Reset(node.First);
        for (int leaf = node.First; leaf < node.End; leaf++)
        {
            (int start, int end) = EvaluationTree.Samples(new Subtree(leaf, 1), data.Count);
            _rows.Add(end - start);
        }
        int first = EvaluationTree.Samples(node, data.Count).Start, rows = _rows.RowCount;
        data.Copy(first, rows, _workspace.Inputs, _workspace.Targets);
        _workspace.HasLengths = data.Lengths is not null;
        data.Lengths?.AsSpan(first, rows).CopyTo(_workspace.Lengths);
        var sums = new double[_memory.EvaluationMetrics.Count];
        _memory.Network.Evaluate(_workspace, _memory.Parameters.Span, _rows, sums, _memory.EvaluationMetrics);
        if (_memory.Scores is { } scores) _memory.Network.Scores(_workspace, scores.AsSpan(first, rows));
        return sums;
    }
}
