using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>A layer that applies the activation f that follows it in the job; its derivative may be left to the layer after it.</summary>
public abstract class ActivatedLayer : Layer
{
    private protected ActivatedLayer(
        string name, TensorShape inputShape, TensorShape outputShape, IReadOnlyList<ParameterDescription> parameters, Activation activation)
        : base(name, inputShape, outputShape, parameters) => Activation = activation;

    /// <summary>f; <see cref="Activation.Identity"/> where no activation follows.</summary>
    public Activation Activation { get; }

    /// <summary>Set where the layer after this one multiplies with f'.</summary>
    private protected bool DerivativeIsAppliedByNext { get; private set; }

    /// <summary>gelu's derivative needs z.</summary>
    public override int StateLength(int maxRows, int maxSlices)
        => Activation == Activation.Gelu ? checked(maxRows * OutputShape.ElementCount) : 0;

    /// <summary>For the layer after <paramref name="previous"/>, which thereby takes over to multiply with the derivative.</summary>
    /// <param name="fromInputToo">Whether it can take gelu's, which needs z and not y.</param>
    /// <returns>The activation whose derivative it is; identity where it has none to take over.</returns>
    internal static Activation TakeDerivative(Layer? previous, bool fromInputToo = true)
    {
        if (previous is not ActivatedLayer before || (before.Activation == Activation.Gelu && !fromInputToo)) return Activation.Identity;
        before.DerivativeIsAppliedByNext = true;
        return before.Activation;
    }

    /// <summary>dy becomes dz, unless the next layer has seen to it.</summary>
    private protected void ApplyDerivative(in LayerPass pass, ReadOnlySpan<float> y, Span<float> dy)
    {
        if (Activation == Activation.Identity || DerivativeIsAppliedByNext) return;
        Activations.Backward(Activation, PreActivation(pass), y, dy, dy);
    }

    /// <summary>Where forward leaves z; empty where backward does not need it.</summary>
    private protected Span<float> PreActivation(in LayerPass pass)
        => Activation == Activation.Gelu && pass.Training ? pass.State[..(pass.Rows.RowCount * OutputShape.ElementCount)] : [];
}
