using DistBp.Cluster.Configuration.Forms;
using DistBp.Learning.Encodings;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How the encodings of the wire are written in a job file.</summary>
internal static class WireForms
{
    private static readonly OneOfForm<GradientEncoding> Gradients = new("encoding", e => e.Word,
    [
        Of(EncodingKind.F32),
        Of(EncodingKind.Bf16),
        Of(EncodingKind.F16),
        Of(EncodingKind.Int8),
        Variant<GradientEncoding>.Of(
            new GradientEncoding(EncodingKind.TopK).Word, new GradientEncoding(EncodingKind.TopK, Fraction: 0.01),
            (f, e) => e with { Fraction = f.Field("fraction", e.Fraction, Factor) }, shorthand: "fraction"),
    ],
    notAvailable: []);

    private static readonly WordForm<ParameterEncoding> Parameters = WordForm.Of<ParameterEncoding>("encoding");

    public static readonly MapForm<WireDescription> Wire = new(WireDescription.Exact, (f, w) => new WireDescription(
        f.Field("gradients", w.Gradients, Gradients), f.Field("parameters", w.Parameters, Parameters)));

    private static Variant<GradientEncoding> Of(EncodingKind kind)
    {
        var encoding = new GradientEncoding(kind);
        return Variant<GradientEncoding>.Of(encoding.Word, encoding);
    }
}
