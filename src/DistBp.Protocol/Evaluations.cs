using DistBp.Learning;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The coordinator's part that has workers evaluate a part of the data: sums of subtrees arrive in any order and are added along the tree.</summary>
internal sealed class Evaluations(TrainingPlan plan, Inquiry inquiry)
{
    private readonly Dictionary<Subtree, IReadOnlyList<double>> _sums = [];
    private readonly Dictionary<DataPart, IReadOnlyList<double>> _final = [];
    private DataPart _part;
    private long _shardVersion;
    private int _leaves;

    /// <summary>Of the parts that were evaluated with the final parameters.</summary>
    public IReadOnlyDictionary<DataPart, IReadOnlyList<double>> Final => _final;

    /// <summary>Null: all are evaluated that are to be at the end.</summary>
    public DataPart? NextFinalPart
    {
        get
        {
            foreach (DataPart part in plan.FinalParts)
            {
                if (!_final.ContainsKey(part)) return part;
            }
            return null;
        }
    }

    /// <param name="shardVersion">What servers call the version.</param>
    public void Begin(DataPart part, long shardVersion, Assignment assignment, EffectList effects)
    {
        (_part, _shardVersion, _leaves) = (part, shardVersion, EvaluationTree.LeafCount(plan.EvaluationSamples[part]));
        _sums.Clear();
        inquiry.Begin();
        inquiry.AskWorkers(assignment, new Evaluate(assignment.Generation, part, _leaves, shardVersion), effects);
    }

    /// <returns>The sums over the part, once the last worker has answered; else null.</returns>
    public IReadOnlyList<double>? Add(EvaluationDone message)
    {
        if (message.Version != _shardVersion || message.Part != _part) return null;
        foreach (SubtreeSums sums in message.Sums) _sums[sums.Subtree] = sums.Sums;
        return inquiry.AnswerLast(Address.Worker(message.Worker)) ? Total() : null;
    }

    /// <summary>Of the part that was evaluated last, with the final parameters.</summary>
    public void KeepFinal(IReadOnlyList<double> sums) => _final[_part] = sums;

    /// <summary>The parameters were not the final ones.</summary>
    public void ForgetFinal() => _final.Clear();

    private double[] Total() => ReductionTree.Sum(
        new Subtree(0, _leaves), node => _sums.TryGetValue(node, out IReadOnlyList<double>? known) ? [.. known] : null);
}
