namespace DistBp.Learning.Benchmarks;

/// <summary>What a computing thread does in a step.</summary>
public enum StepPhase
{
    /// <summary>The rows of the mini-batch, and once an epoch its order.</summary>
    Gather,

    Forward,

    /// <summary>The loss with its gradient, and the metric sums.</summary>
    Loss,

    Backward,

    /// <summary>The upper part of the reduction tree, the mean, the norms.</summary>
    Reduce,

    /// <summary>The clip factors and the optimizer.</summary>
    Update,

    /// <summary>The actors' own steps, between two computations.</summary>
    Messages,

    /// <summary>For work: the barriers.</summary>
    Wait,
}
