using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>The place in a network where a description is asked to make its layer.</summary>
/// <param name="InputShape">Of one sample; it has elements.</param>
/// <param name="Activation">The one that directly follows in the job, where the layer applies it itself; else identity.</param>
/// <param name="Previous">The layer before; null for the first.</param>
internal sealed record LayerSite(string Name, TensorShape InputShape, Activation Activation, Layer? Previous, NetworkProblems Problems)
{
    /// <summary>Notes why the layer cannot be made.</summary>
    /// <param name="what">Goes on from "layer 'NAME' ".</param>
    /// <returns>null, for the caller to return.</returns>
    public Layer? Refuse(string what, string remedy)
    {
        Problems.AddOfLayer($"layer '{Name}' {what}", Name, remedy);
        return null;
    }
}
