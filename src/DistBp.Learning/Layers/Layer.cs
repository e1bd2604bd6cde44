namespace DistBp.Learning.Layers;

/// <summary>
/// One layer of a network: forward and backward over spans. It holds shapes only: parameters, gradients and what backward needs of forward
/// come with the <see cref="LayerPass"/>, so that any number of threads use one layer at once.
/// </summary>
public abstract class Layer
{
    private protected Layer(string name, TensorShape inputShape, TensorShape outputShape, IReadOnlyList<ParameterDescription> parameters)
        => (Name, InputShape, OutputShape, Parameters) = (name, inputShape, outputShape, parameters);

    /// <summary>Unique in the network; the first part of its parameters' names.</summary>
    public string Name { get; }

    /// <summary>Of one sample.</summary>
    public TensorShape InputShape { get; }

    /// <summary>Of one sample.</summary>
    public TensorShape OutputShape { get; }

    public IReadOnlyList<ParameterDescription> Parameters { get; }

    /// <summary>True where the output is the input, perhaps under another shape: forward costs nothing and is never called.</summary>
    public virtual bool IsReshape => false;

    /// <summary>True where the gradient of the input is that of the output: then backward is never called.</summary>
    public virtual bool PassesGradient => IsReshape;

    /// <summary>
    /// The number of the layer whose input and state this one sees beside its own (<see cref="LayerPass.PartnerInput"/>); −1: none.
    /// </summary>
    internal int Partner { get; set; } = -1;

    /// <summary>Floats that forward leaves for backward beside x and y (a mask, statistics of a slice, a pre-activation).</summary>
    public virtual int StateLength(int maxRows, int maxSlices) => 0;

    /// <summary>y [rows, OutputShape] of x [rows, InputShape]; y is overwritten.</summary>
    public abstract void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y);

    /// <summary>
    /// Writes the gradients of the trained parameters, and dx [rows, InputShape] from dy [rows, OutputShape]. All gradients are those of
    /// the SUM of the losses of the rows.
    /// </summary>
    /// <param name="dy">May be used as scratch: nobody reads it afterwards.</param>
    /// <param name="dx">Empty where nothing before this layer is trained: then it is not computed.</param>
    public abstract void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx);
}
