using DistBp.Learning.Encodings;
using DistBp.Learning.Tests.Kernels;

namespace DistBp.Learning.Tests.Encodings;

public sealed class GradientPartTests
{
    // Trained and dense: 0..10,402; a table: ..10,502; statistics: ..10,902.
    private static readonly ParameterLayout s_layout = new(
    [
        ("dense", [new("weight", new TensorShape(100, 104), ParameterKind.Weight, 104, 100), new("bias", new TensorShape(3), ParameterKind.Bias, 104, 3)], false),
        ("words", [new("weight", new TensorShape(10, 10), ParameterKind.Weight, 10, 10) { RowsPerSample = 2 }], false),
        ("norm", [new("mean", new TensorShape(400), ParameterKind.RunningStatistic, 4, 4)], false),
    ]);

    public static TheoryData<EncodingKind> Kinds => [.. Enum.GetValues<EncodingKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Shards_of_any_size_get_the_same_numbers_and_statistics_and_tables_stay_exact(EncodingKind kind)
    {
        var encoding = new GradientEncoding(kind, kind == EncodingKind.TopK ? 0.01 : 0);
        Gradient gradient = Computed(encoding);
        float[] whole = Read(gradient, encoding, 0, s_layout.UpdatedCount);
        float[] parts = [.. Read(gradient, encoding, 0, 4096), .. Read(gradient, encoding, 4096, 8192), .. Read(gradient, encoding, 8192, s_layout.UpdatedCount)];
        Assert.Equal(whole, parts);
        Assert.Equal(gradient.Dense[s_layout.DenseTrainedCount..].ToArray(), whole[s_layout.DenseTrainedCount..]);
        Assert.Equal(gradient.Sparse[0].Values.ToArray(), gradient.Cut(8192, s_layout.UpdatedCount).Sparse[0].Values.ToArray());
        Assert.Equal(kind == EncodingKind.F32, gradient.Dense.SequenceEqual(whole));
    }

    [Fact]
    public void A_part_of_other_sizes_than_its_shards_is_refused() =>
        Assert.Throws<ArgumentException>(() => GradientPart.Of(s_layout, new(EncodingKind.Int8), 0, 4096, new byte[4096], default, []));

    [Fact]
    public void Its_bytes_are_the_code_and_four_for_each_other_number()
    {
        Gradient gradient = Computed(new GradientEncoding(EncodingKind.Bf16));
        Assert.Equal(2 * 4096, gradient.Cut(0, 4096).ByteCount);
        Assert.Equal(2 * (10403 - 8192) + 4 * 400 + 4 * (1 + 10), gradient.Cut(8192, s_layout.UpdatedCount).ByteCount);
    }

    [Theory]
    [InlineData(EncodingKind.Bf16, 0.5)]
    [InlineData(EncodingKind.F16, 0.5)]
    [InlineData(EncodingKind.Int8, 0.27)]
    [InlineData(EncodingKind.TopK, 0.03)]
    public void Of_the_bytes_that_workers_send_to_all_servers_an_encoding_leaves_its_share(EncodingKind kind, double most)
    {
        (int Units, int Inputs)[] mlp = [(512, 784), (256, 512), (10, 256)];
        var layout = new ParameterLayout([.. mlp.Select((l, i) => ($"dense{i}", (IReadOnlyList<ParameterDescription>)
            [
                new("weight", new TensorShape(l.Units, l.Inputs), ParameterKind.Weight, l.Inputs, l.Units),
                new("bias", new TensorShape(l.Units), ParameterKind.Bias, l.Inputs, l.Units),
            ], false))]);
        Assert.InRange(BytesOfStep(layout, new GradientEncoding(kind, kind == EncodingKind.TopK ? 0.01 : 0)) / BytesOfStep(layout, default), 0.01, most);
    }

    private static double BytesOfStep(ParameterLayout layout, GradientEncoding encoding)
    {
        var gradient = new Gradient(layout, maxSamples: 1, encoding);
        int[] shards = [0, 40 * 4096, 41 * 4096, layout.UpdatedCount];
        return shards.Zip(shards[1..], (offset, end) => gradient.Cut(offset, end).ByteCount).Sum();
    }

    private static Gradient Computed(GradientEncoding encoding)
    {
        var gradient = new Gradient(s_layout, maxSamples: 4, encoding);
        KernelTesting.Random(s_layout.DenseCount, 5).CopyTo(gradient.Dense);
        KernelTesting.Random(10, 6).CopyTo(gradient.Sparse[0].Append(7));
        gradient.Encode(encoding.KeepsResidual ? new ErrorFeedback(s_layout.DenseTrainedCount) : null, 0, 4);
        return gradient;
    }

    /// <summary>As it arrives at a shard in another process, block by block and statistics by themselves.</summary>
    private static float[] Read(Gradient gradient, GradientEncoding encoding, int offset, int end)
    {
        GradientPart sent = gradient.Cut(offset, end);
        GradientPart part = GradientPart.Of(s_layout, encoding, offset, end, sent.Code.ToArray(), sent.Dense.ToArray(), sent.Sparse);
        var read = new List<float>();
        var scratch = new float[4096];
        int trained = Math.Min(end, s_layout.DenseTrainedCount), dense = s_layout.DenseOffset(end) - s_layout.DenseOffset(offset);
        for (int at = offset; at < trained; at += 4096) read.AddRange(part.Read(at - offset, Math.Min(4096, trained - at), scratch).ToArray());
        if (read.Count < dense) read.AddRange(part.Read(read.Count, dense - read.Count, scratch).ToArray());
        return [.. read];
    }
}
