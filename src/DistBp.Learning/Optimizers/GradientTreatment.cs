namespace DistBp.Learning.Optimizers;

/// <summary>Limits on the mean gradient of a step, applied in this order; null: off.</summary>
/// <param name="Value">Each element is clamped to [−Value, Value].</param>
/// <param name="ParameterNorm">Each parameter tensor's gradient is scaled down to this L2 norm.</param>
/// <param name="GlobalNorm">The whole gradient is scaled down to this L2 norm (Pascanu, Mikolov, Bengio, ICML 2013).</param>
public sealed record ClipDescription(double? GlobalNorm = null, double? Value = null, double? ParameterNorm = null);

/// <summary>Penalties on weights (not on biases and gains), whose gradients are added to the mean gradient before clipping.</summary>
/// <param name="L2">Adds L2 · w (the penalty L2/2 · Σ w²).</param>
/// <param name="L1">Adds L1 · sign(w).</param>
public sealed record RegularizationDescription(double L2 = 0, double L1 = 0);
