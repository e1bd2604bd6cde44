using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Configuration;

/// <param name="Gradients">From workers to servers; a lossy one makes the bits depend on the number of workers.</param>
/// <param name="Parameters">From servers to workers.</param>
public sealed record WireDescription(GradientEncoding Gradients, ParameterEncoding Parameters)
{
    public static WireDescription Exact { get; } = new(GradientEncoding.Exact, ParameterEncoding.F32);

    /// <summary>What the run cannot promise because of it, in a sentence; null: nothing.</summary>
    public string? Caveat => Gradients.IsExact ? null
        : $"wire.gradients {Gradients} rounds what each worker sends: the bits depend on the number of workers, and weightsSha256 is the same for "
            + "the same number of workers alone" + (Gradients.Kind == EncodingKind.TopK ? "; servers apply no momentum to what comes late and in sums" : "");
}
