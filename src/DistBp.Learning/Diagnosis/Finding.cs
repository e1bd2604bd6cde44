using System.Text.Json.Serialization;

namespace DistBp.Learning.Diagnosis;

/// <summary>What can be wrong with a training that runs.</summary>
public enum FindingKind
{
    [JsonStringEnumMemberName("vanishingGradients")]
    VanishingGradients,

    [JsonStringEnumMemberName("explodingGradients")]
    ExplodingGradients,

    [JsonStringEnumMemberName("deadUnits")]
    DeadUnits,

    [JsonStringEnumMemberName("rateTooHigh")]
    RateTooHigh,

    [JsonStringEnumMemberName("rateTooLow")]
    RateTooLow,
}

/// <summary>A diagnosis in words.</summary>
/// <param name="What">What was seen, with the figures that show it.</param>
/// <param name="Remedy">What to change.</param>
public sealed record Finding(FindingKind Kind, string What, string Remedy)
{
    public override string ToString() => $"{What}: {Remedy}";
}
