using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// Fully connected, with the activation f that follows it in the job: y = f(z), z = x · Wᵀ + b.
/// Backward: dz = dy ⊙ f'(z); dW = dzᵀ · x; db = Σ over rows of dz; dx = dz · W.
/// An input of any rank is taken as one vector, row-major (an image needs no flatten before it); or, time-distributed, each step of an
/// input [time, features] as a vector of its own, as if it were a row.
/// W is [units, inputs], as in PyTorch.
/// </summary>
public sealed class DenseLayer : Layer
{
    private readonly int _steps;
    private readonly int _inputs;
    private readonly int _units;

    internal DenseLayer(string name, TensorShape inputShape, bool timeDistributed, int units, Activation activation)
        : base(
            name, inputShape, timeDistributed ? new TensorShape(inputShape[0], units) : new TensorShape(units),
            Describe(timeDistributed ? inputShape[1] : inputShape.ElementCount, units))
    {
        _steps = timeDistributed ? inputShape[0] : 1;
        (_inputs, _units, Activation) = (inputShape.ElementCount / _steps, units, activation);
    }

    /// <summary>f; <see cref="Activation.Identity"/> where no activation follows.</summary>
    public Activation Activation { get; }

    /// <summary>The activation of the dense layer directly before: its derivative is fused into this layer's product for dx.</summary>
    internal Activation InputActivation { get; init; } = Activation.Identity;

    /// <summary>Set where the layer after this one multiplies with f' (it has this one's f as <see cref="InputActivation"/>).</summary>
    internal bool DerivativeIsAppliedByNext { get; set; }

    /// <summary>gelu's derivative needs z.</summary>
    public override int StateLength(int maxRows, int maxSlices)
        => Activation == Activation.Gelu ? checked(maxRows * _steps * _units) : 0;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        int rows = pass.Rows.RowCount * _steps;
        MatrixProduct.Dense(
            x, pass.Parameter(0), pass.Parameter(1), Activation, pass.Training ? PreActivation(pass.State, rows) : [], y, rows, _units,
            _inputs, pass.Workspace);
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        int rows = pass.Rows.RowCount * _steps;
        if (Activation != Activation.Identity && !DerivativeIsAppliedByNext)
            Activations.Backward(Activation, PreActivation(pass.State, rows), y, dy, dy);
        Span<float> dw = pass.GradientOf(0), db = pass.GradientOf(1);
        Span<int> starts = stackalloc int[pass.Rows.SliceCount + 1];
        for (int s = 0; s < starts.Length; s++) starts[s] = pass.Rows.RowStarts[s] * _steps;
        if (!dw.IsEmpty) MatrixProduct.DenseBackwardWeight(dy, x, starts, dw, _units, _inputs, pass.Workspace);
        if (!db.IsEmpty) ColumnSums.Sum(dy, starts, db, _units, pass.Workspace);
        if (dx.IsEmpty) return;
        ReadOnlySpan<float> inputState = InputActivation == Activation.Gelu ? pass.InputState[..(rows * _inputs)] : [];
        MatrixProduct.DenseBackwardInput(
            dy, pass.Parameter(0), InputActivation, inputState, x, dx, rows, _units, _inputs, pass.Workspace);
    }

    private Span<float> PreActivation(Span<float> state, int rows)
        => Activation == Activation.Gelu ? state[..(rows * _units)] : [];

    private static ParameterDescription[] Describe(int inputs, int units) =>
    [
        new("weight", new TensorShape(units, inputs), ParameterKind.Weight, inputs, units),
        new("bias", new TensorShape(units), ParameterKind.Bias, inputs, units),
    ];
}
