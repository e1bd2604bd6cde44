using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>The place in a network where a description is asked to make its layer.</summary>
/// <param name="InputShape">Of one sample; it has elements.</param>
/// <param name="Activation">The one that directly follows in the job, where the layer applies it itself; else identity.</param>
/// <param name="Before">The layers before, in order.</param>
internal sealed record LayerSite(
    string Name, TensorShape InputShape, Activation Activation, IReadOnlyList<Layer> Before, NetworkProblems Problems)
{
    /// <summary>The layer before; null for the first.</summary>
    public Layer? Previous => Before.Count > 0 ? Before[^1] : null;

    /// <summary>Notes why the layer cannot be made.</summary>
    /// <param name="what">Goes on from "layer 'NAME' ".</param>
    /// <returns>null, for the caller to return.</returns>
    public Layer? Refuse(string what, string remedy)
    {
        Problems.AddOfLayer($"layer '{Name}' {what}", Name, remedy);
        return null;
    }
}
