namespace DistBp.Learning.Encodings;

/// <summary>How numbers of a gradient are written.</summary>
public enum EncodingKind
{
    /// <summary>As they are.</summary>
    F32,

    /// <summary>The upper half of an f32, rounded: 8 bits of mantissa.</summary>
    Bf16,

    /// <summary>IEEE binary16: 11 bits of mantissa; what is above 65,504 becomes infinite, which rejects the step.</summary>
    F16,

    /// <summary>Whole numbers in ±127, with a scale for each 128.</summary>
    Int8,

    /// <summary>Of each block the largest alone, with their positions.</summary>
    TopK,
}

/// <summary>
/// How the gradient sum of a subtree of slices is written on its way from a worker to the servers. It is part of the job: a worker and a
/// server in one process use it too. Each block of the flat buffer (<see cref="ParameterLayout.BlockLength"/>) is encoded by itself into a
/// fixed number of bytes, so what a server gets of its shard depends neither on how parameters are sharded nor on what is in other blocks.
/// Only what is trained and dense is encoded: running statistics and the rows of tables stay as they are.
/// </summary>
/// <param name="Fraction">Of <see cref="EncodingKind.TopK"/>: the share of each block that is sent, in (0, 1]; of others 0.</param>
public readonly record struct GradientEncoding(EncodingKind Kind, double Fraction = 0)
{
    /// <summary>Parameters that share a scale.</summary>
    public const int GroupLength = 128;

    public static GradientEncoding Exact => default;

    public bool IsExact => Kind == EncodingKind.F32;

    /// <summary>
    /// Whether what the encoding leaves out of a step is added to the next one. Not of bf16 and f16: they leave out less than a mini-batch's
    /// own noise by orders of magnitude and round to either side alike, so that two more buffers and a checkpoint's file would buy nothing.
    /// </summary>
    public bool KeepsResidual => Kind is EncodingKind.Int8 or EncodingKind.TopK;

    /// <summary>The word in a job file: "int8", "topK".</summary>
    public string Word => Kind switch
    {
        EncodingKind.F32 => "f32",
        EncodingKind.Bf16 => "bf16",
        EncodingKind.F16 => "f16",
        EncodingKind.Int8 => "int8",
        _ => "topK",
    };

    /// <summary>Of <see cref="EncodingKind.TopK"/>: how many of a block of <paramref name="count"/> are sent, at least 1.</summary>
    public int Selected(int count) => (int)Math.Min(count, Math.Ceiling(Fraction * count));

    /// <summary>Bytes that a block of <paramref name="count"/> parameters takes.</summary>
    public int BlockBytes(int count) => Kind switch
    {
        EncodingKind.F32 => count * sizeof(float),
        EncodingKind.Bf16 or EncodingKind.F16 => count * sizeof(ushort),
        EncodingKind.Int8 => count + Groups(count) * sizeof(float),
        _ => Selected(count) * (sizeof(float) + sizeof(ushort)),
    };

    /// <summary>Bytes of <paramref name="count"/> parameters: whole blocks, then what is left.</summary>
    public int ByteCount(int count) => checked(
        count / ParameterLayout.BlockLength * BlockBytes(ParameterLayout.BlockLength) + BlockBytes(count % ParameterLayout.BlockLength));

    /// <summary>As in a job file.</summary>
    public override string ToString() => Kind == EncodingKind.TopK ? FormattableString.Invariant($"{Word}: {Fraction}") : Word;

    internal static int Groups(int count) => (count + GroupLength - 1) / GroupLength;
}
