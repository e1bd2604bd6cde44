using System.Text.Json;
using System.Text.Json.Serialization;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Everything that was measured in one run; what was not asked for is null and left out of the JSON.</summary>
public sealed record BenchmarkReport(MachineDescription Machine)
{
    /// <summary>Matrix products on one core, beside the FMA peak measured next to each.</summary>
    public IReadOnlyList<KernelRate>? Products { get; init; }

    /// <summary>The convolutions of a CNN on one core, beside the FMA peak measured next to each.</summary>
    public IReadOnlyList<KernelRate>? Convolutions { get; init; }

    /// <summary>Passes over parameters and gradients, beside a plain copy of the same footprint.</summary>
    public IReadOnlyList<KernelRate>? Elementwise { get; init; }

    public IReadOnlyList<BarrierRate>? Barriers { get; init; }

    /// <summary>Tensors over gRPC on loopback.</summary>
    public IReadOnlyList<WireRate>? Wire { get; init; }

    public WireDelay? WireDelay { get; init; }

    public IReadOnlyList<StepRate>? Steps { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, BenchmarkReportJson.Default.BenchmarkReport);
}

/// <summary>Generated at build time: no reflection over the records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(BenchmarkReport))]
internal sealed partial class BenchmarkReportJson : JsonSerializerContext;
