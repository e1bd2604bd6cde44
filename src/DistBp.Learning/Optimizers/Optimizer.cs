using System.Diagnostics;

namespace DistBp.Learning.Optimizers;

/// <summary>
/// How a gradient moves parameters. Elementwise, in float, by PyTorch's formulas: a run of parameters may be cut anywhere without
/// changing a bit. Holds hyper-parameters only; the state belongs to the shard's owner.
/// </summary>
public abstract class Optimizer
{
    private protected Optimizer(params string[] stateNames) => StateNames = stateNames;

    /// <summary>Buffers kept per parameter, as "momentum" or "firstMoment", "secondMoment"; the names they have in a checkpoint.</summary>
    public IReadOnlyList<string> StateNames { get; }

    public int StateCount => StateNames.Count;

    public static Optimizer Create(OptimizerDescription description) => description switch
    {
        SgdDescription sgd => new SgdOptimizer(sgd),
        AdagradDescription adagrad => new AdagradOptimizer(adagrad),
        RmspropDescription rmsprop => new RmspropOptimizer(rmsprop),
        AdamDescription adam => new AdamOptimizer(adam),
        AdamwDescription adamw => new AdamwOptimizer(adamw),
        _ => throw new UnreachableException($"Optimizer {description.Kind}."),
    };

    /// <summary>What a state buffer is filled with before the first step.</summary>
    public virtual float InitialValue(int state) => 0;

    /// <summary>One step for a run of parameters, in place.</summary>
    /// <param name="step">Counted from 0 over the whole run.</param>
    /// <param name="rate">The schedule's rate of this step.</param>
    /// <param name="gradientScale">The clip factor; 1: none.</param>
    /// <param name="gradient">The mean gradient of the same run.</param>
    /// <param name="state">StateCount buffers in the order of the names.</param>
    /// <param name="stateOffset">Where the run begins in each of them.</param>
    public abstract void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset);
}
