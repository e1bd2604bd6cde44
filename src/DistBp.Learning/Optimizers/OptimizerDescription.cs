namespace DistBp.Learning.Optimizers;

/// <summary>An optimizer as a job file asks for it; names and defaults are PyTorch's. Rates are the base of the schedule.</summary>
/// <param name="Rate">Base learning rate.</param>
/// <param name="WeightDecay">L2 penalty added to the gradient (decoupled in adamw).</param>
public abstract record OptimizerDescription(double Rate, double WeightDecay)
{
    /// <summary>The word in a job file: "sgd", "adam".</summary>
    public abstract string Kind { get; }
}

public sealed record SgdDescription(double Rate = 0.01, double Momentum = 0, bool Nesterov = false, double WeightDecay = 0)
    : OptimizerDescription(Rate, WeightDecay)
{
    public override string Kind => "sgd";
}

public sealed record AdagradDescription(double Rate = 0.01, double Epsilon = 1e-10, double InitialAccumulator = 0, double WeightDecay = 0)
    : OptimizerDescription(Rate, WeightDecay)
{
    public override string Kind => "adagrad";
}

public sealed record RmspropDescription(double Rate = 0.01, double Alpha = 0.99, double Epsilon = 1e-8, double Momentum = 0, double WeightDecay = 0)
    : OptimizerDescription(Rate, WeightDecay)
{
    public override string Kind => "rmsprop";
}

public sealed record AdamDescription(double Rate = 0.001, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0)
    : OptimizerDescription(Rate, WeightDecay)
{
    public override string Kind => "adam";
}

public sealed record AdamwDescription(double Rate = 0.001, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0.01)
    : OptimizerDescription(Rate, WeightDecay)
{
    public override string Kind => "adamw";
}
