using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning.Tests.Layers;

public sealed class EmbeddingLayerTests
{
    private const int Steps = 5, Vocabulary = 9, Size = 3, Classes = 3;

    [Fact]
    public void A_table_comes_after_what_is_dense_and_the_dense_gradient_leaves_it_out()
    {
        ParameterLayout layout = new(
        [
            ("table", [new("weight", new TensorShape(50, 4), ParameterKind.Weight, 4, 4) { RowsPerSample = 2 }], false),
            ("norm", [new("weight", new TensorShape(6), ParameterKind.Scale, 1, 1), new("runningMean", new TensorShape(6), ParameterKind.RunningStatistic, 1, 1)], false),
            ("held", [new("weight", new TensorShape(5, 4), ParameterKind.Weight, 4, 4) { RowsPerSample = 2 }], true),
        ]);
        Assert.Equal(["norm.weight", "table.weight", "norm.runningMean", "held.weight"], layout.Views.Select(v => v.Name));
        Assert.Equal((6, 206, 212, 12), (layout.DenseTrainedCount, layout.TrainedCount, layout.UpdatedCount, layout.DenseCount));
        Assert.Equal([0, 6, 6, 6, 7, 12], new[] { 0, 6, 100, 206, 207, 212 }.Select(layout.DenseOffset));
        Assert.Equal(["table.weight"], layout.SparseViews.Select(v => v.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_are_the_slopes_of_the_loss(bool withLengths)
    {
        Network network = Build();
        NetworkWorkspace workspace = Filled(network, 6, 2, withLengths);
        SliceRows rows = TestData.Slices(0, 4, 2);
        float[] parameters = Parameters(network);
        var gradient = new Gradient(network.Parameters, 6);
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(workspace, parameters, rows, default, gradient.Dense, sums, gradient.Sparse);
        float[] dense = Dense(network, gradient);
        for (int i = 0; i < dense.Length; i++)
        {
            double slope = (4 * Central(0.005f) - Central(0.01f)) / 3;
            Assert.True(Math.Abs(slope - dense[i]) <= 1e-3, $"parameter {i}: gradient {dense[i]}, slope {slope}");

            double Central(float h) => (Loss(i, h) - Loss(i, -h)) / (2.0 * h);
        }

        double Loss(int i, float h)
        {
            float at = parameters[i];
            parameters[i] = at + h;
            network.Evaluate(workspace, parameters, rows, sums);
            parameters[i] = at;
            return sums[0];
        }
    }

    [Theory]
    [InlineData(new int[] { 3, 3, 3, 3, 3, 2 }, false)]
    [InlineData(new int[] { 4, 0, 1, 0, 7 }, true)]
    [InlineData(new int[] { 0, 0 }, false)]
    public void A_run_of_slices_gives_the_union_of_the_rows_of_each_slice_alone_added_along_the_tree(int[] counts, bool withLengths)
    {
        Network network = Build();
        int total = counts.Sum();
        float[] parameters = Parameters(network);
        NetworkWorkspace whole = Filled(network, Math.Max(1, total), counts.Length, withLengths);
        SortedDictionary<int, float[]> rows = Compute(whole, TestData.Slices(0, counts)), expected = AlongTree(new Subtree(0, counts.Length));
        Assert.Equal(expected.Keys, rows.Keys);
        foreach (int row in rows.Keys) Tests.Kernels.KernelTesting.SameBits(expected[row], rows[row], $"row {row}");

        SortedDictionary<int, float[]> AlongTree(Subtree node)
        {
            if (node.Count == 1) return Alone(node.First);
            SortedDictionary<int, float[]> left = AlongTree(node.Left);
            foreach ((int row, float[] values) in AlongTree(node.Right))
                left[row] = left.TryGetValue(row, out float[]? other) ? [.. other.Zip(values, (a, b) => a + b)] : values;
            return left;
        }

        SortedDictionary<int, float[]> Alone(int slice)
        {
            int start = counts[..slice].Sum(), count = counts[slice];
            NetworkWorkspace workspace = network.CreateWorkspace(Math.Max(1, count), 1);
            whole.Inputs.Slice(start * Steps, count * Steps).CopyTo(workspace.Inputs);
            whole.Targets.Slice(start, count).CopyTo(workspace.Targets);
            whole.Lengths.Slice(start, count).CopyTo(workspace.Lengths);
            workspace.HasLengths = withLengths;
            return Compute(workspace, TestData.Slices(slice, count));
        }

        SortedDictionary<int, float[]> Compute(NetworkWorkspace workspace, SliceRows slices)
        {
            var gradient = new Gradient(network.Parameters, Math.Max(1, slices.RowCount));
            gradient.Sparse[0].Append(1);
            network.ComputeGradient(workspace, parameters, slices, default, gradient.Dense, new double[network.Metrics.Count], gradient.Sparse);
            SparseGradient table = gradient.Sparse[0];
            float[] values = table.Values.ToArray();
            return new(table.Rows.ToArray().Index().ToDictionary(r => r.Item, r => values[(r.Index * Size)..((r.Index + 1) * Size)]));
        }
    }

    [Fact]
    public void Cuts_at_any_places_make_up_the_whole()
    {
        var layout = new ParameterLayout(
        [
            ("dense", [new("weight", new TensorShape(10), ParameterKind.Weight, 1, 1)], false),
            ("table", [new("weight", new TensorShape(20, 7), ParameterKind.Weight, 7, 7) { RowsPerSample = 20 }], false),
        ]);
        var gradient = new Gradient(layout, 1);
        foreach (int row in (int[])[0, 1, 4, 11, 12, 19])
        {
            Span<float> values = gradient.Sparse[0].Append(row);
            for (int i = 0; i < values.Length; i++) values[i] = 10 + row * 7 + i;
        }
        for (int first = 0; first <= layout.Count; first++)
        for (int second = first; second <= layout.Count; second++)
        {
            GradientPart[] parts = [gradient.Cut(0, first), gradient.Cut(first, second), gradient.Cut(second, layout.Count)];
            Assert.Equal(10, parts.Sum(p => p.Dense.Length));
            Assert.Equal(gradient.Sparse[0].Values.ToArray(), parts.SelectMany(p => p.Sparse[0].Values.ToArray()));
            foreach ((GradientPart part, int begin, int end) in ((GradientPart, int, int)[])[(parts[0], 0, first), (parts[1], first, second), (parts[2], second, layout.Count)])
            {
                float[] values = part.Sparse[0].Values.ToArray();
                // Each value is its position.
                Assert.All(values, v => Assert.InRange(v, begin, end - 1));
                Assert.Equal(values.Select(v => ((int)v - 10) / 7).Distinct(), part.Sparse[0].Rows.ToArray());
                Assert.Equal(4 * (part.Dense.Length + values.Length + part.Sparse[0].Rows.Length), part.ByteCount);
            }
        }
    }

    [Theory]
    [InlineData(9f, "Element 2 is 9, which is not in the vocabulary of layer 'embedding1' (9 tokens).")]
    [InlineData(-1f, "Element 2 is -1, which is not a token's number (0, 1, 2, …).")]
    [InlineData(1.5f, "Element 2 is 1.5, which is not a token's number (0, 1, 2, …).")]
    public void A_token_that_is_none_is_told_with_its_sample_but_not_in_padding(float token, string what)
    {
        var samples = new TensorBuffer(3 * Steps);
        samples.Span[Steps + 2] = token;
        var data = new MemoryDataset(3, new TensorShape(Steps), new TensorShape(), samples, new TensorBuffer(3)) { Rows = new RowSource("x.npy", [4, 8, 2], false) };
        UserException e = Assert.Throws<UserException>(() => TokenCheck.Require(Build(), data));
        Assert.Equal((ErrorKind.Data, what, "x.npy, sample 8"), (e.Kind, e.Problems[0].What, e.Problems[0].Where));
        TokenCheck.Require(Build(), new MemoryDataset(3, new TensorShape(Steps), new TensorShape(), samples, new TensorBuffer(3), [5, 2, 5]));
    }

    [Fact]
    public void It_is_the_first_layer_and_takes_one_sequence()
    {
        LayerDescription embedding = new EmbeddingDescription("words", Vocabulary, Size), last = new DenseDescription(null, Classes);
        Assert.Contains("make it the first layer", Refused([new DenseDescription(null, 4), embedding, last], 5), StringComparison.Ordinal);
        Assert.Contains("takes one sequence of tokens", Refused([embedding, last], 5, 2), StringComparison.Ordinal);
        Assert.Contains("more than 2147483647 weights", Refused([new EmbeddingDescription("words", 1 << 24, 128), last], 5), StringComparison.Ordinal);
    }

    private static string Refused(LayerDescription[] layers, params int[] shape) =>
        Assert.Throws<UserException>(() => Build(layers, new TensorShape(shape))).ToString();

    private static Network Build() => Build(
        [new EmbeddingDescription(null, Vocabulary, Size), new DenseDescription(null, 4), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription(null, Classes)],
        new TensorShape(Steps));

    private static Network Build(LayerDescription[] layers, TensorShape shape) => Network.Build(
        new ModelDescription(WeightInitialization.XavierNormal, layers, []), shape, TestData.Target(LossKind.SoftmaxCrossEntropy, Classes),
        new LossDescription(LossKind.SoftmaxCrossEntropy));

    private static float[] Parameters(Network network)
    {
        var parameters = new float[network.Parameters.Count];
        network.InitializeParameters(3, parameters);
        return parameters;
    }

    /// <summary>Padding holds what is no token.</summary>
    private static NetworkWorkspace Filled(Network network, int rows, int slices, bool withLengths)
    {
        NetworkWorkspace workspace = network.CreateWorkspace(rows, slices);
        var random = new Random(5);
        TestData.Fill(workspace, network, rows, random);
        workspace.HasLengths = withLengths;
        for (int row = 0; row < rows; row++)
        {
            workspace.Lengths[row] = 1 + random.Next(Steps);
            for (int t = 0; t < Steps; t++)
                workspace.Inputs[row * Steps + t] = withLengths && t >= workspace.Lengths[row] ? -7.5f : random.Next(Vocabulary - 1);
        }
        return workspace;
    }

    /// <summary>Written out: 0 where no token is.</summary>
    private static float[] Dense(Network network, Gradient gradient)
    {
        var dense = new float[network.Parameters.TrainedCount];
        gradient.Dense.CopyTo(dense);
        SparseGradient table = gradient.Sparse[0];
        for (int i = 0; i < table.Count; i++)
            table.Values.Span.Slice(i * Size, Size).CopyTo(dense.AsSpan(table.View.Offset + table.Rows.Span[i] * Size));
        return dense;
    }
}
