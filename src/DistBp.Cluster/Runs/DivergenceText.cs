using System.Globalization;
using DistBp.Learning;
using DistBp.Learning.Diagnosis;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <summary>In words: where a step stopped being numbers, and which samples are to blame.</summary>
internal static class DivergenceText
{
    private const int NamedSamples = 5;
    private const string Remedy = "lower the learning rate, add `clip: {globalNorm: 1.0}`, or look for extreme values in the data";
    private const string RemedyOfFew = "look at these samples for extreme values, or set `onNonFinite: skip`; else lower the learning rate or add `clip: {globalNorm: 1.0}`";
    private const string RemedyWithClip = "lower the learning rate (clipping is on already), or look for extreme values in the data";

    /// <summary>"the gradient of first.weight", "the loss".</summary>
    /// <param name="parameter">Null where the gradient is finite.</param>
    public static string Subject(ParameterView? parameter) => parameter is null ? "the loss" : $"the gradient of {parameter.Name}";

    /// <summary>"; first in the output of layer second, for training samples 5, 17 (slice 3)".</summary>
    /// <param name="slices">In order.</param>
    public static string Blame(IReadOnlyList<NonFiniteSlice> slices, Network network)
    {
        if (slices.Count == 0) return "; each slice alone is finite, their sum is not";
        int[] layers = [.. slices.Select(s => s.Layer).Where(l => l >= 0)];
        string where = layers.Length > 0 ? $"the output of layer {network.Layers[layers.Min()].Name}" : "the backward pass";
        int[] samples = [.. slices.SelectMany(s => s.Samples)];
        string named = string.Join(", ", samples.Take(NamedSamples).Select(s => s.ToString(CultureInfo.InvariantCulture)));
        string more = samples.Length > NamedSamples ? string.Create(CultureInfo.InvariantCulture, $" and {samples.Length - NamedSamples} more") : "";
        string who = samples.Length == 0 ? "only in the sum over the samples of"
            : $"for training sample{(samples.Length == 1 ? "" : "s")} {named}{more} (counted from 0) in";
        return $"; first in {where}, {who} slice{(slices.Count == 1 ? "" : "s")} {string.Join(", ", slices.Select(s => s.Slice))}";
    }

    /// <param name="blamed">Samples that are to blame alone.</param>
    public static string RemedyFor(int blamed, int samplesOfStep, bool clips, IReadOnlyList<Finding> findings)
    {
        if (findings.Count > 0) return string.Join("; ", findings);
        // A network that has gone astray gives no number for most samples; a bad sample stands alone.
        return blamed > 0 && blamed * 10 < samplesOfStep ? RemedyOfFew : clips ? RemedyWithClip : Remedy;
    }
}
