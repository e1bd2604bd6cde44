using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests.Optimizers;

public sealed class ClipPlanTests
{
    private static readonly ParameterLayout s_layout = new(
    [
        ("a", [new("weight", new TensorShape(100, 101), ParameterKind.Weight, 1, 1), new("bias", new TensorShape(100), ParameterKind.Bias, 1, 1)], false),
        ("b", [new("weight", new TensorShape(7), ParameterKind.Weight, 1, 1)], true),
        ("c", [new("weight", new TensorShape(5000), ParameterKind.Weight, 1, 1)], false),
    ]);

    [Fact]
    public void Segments_cover_the_trained_range_once_within_one_block_and_one_parameter()
    {
        var segments = new NormSegments(s_layout);
        int offset = 0;
        for (int i = 0; i < segments.Count; i++)
        {
            NormSegment segment = segments[i];
            Assert.Equal(offset, segment.Offset);
            Assert.True(segment.Count > 0);
            Assert.Equal(segment.Offset / ParameterLayout.BlockLength, (segment.End - 1) / ParameterLayout.BlockLength);
            ParameterView view = s_layout.Views[segment.View];
            Assert.True(view.Trained && view.Offset <= segment.Offset && segment.End <= view.End);
            offset = segment.End;
        }
        Assert.Equal(s_layout.TrainedCount, offset);
    }

    [Fact]
    public void Shards_of_whole_blocks_share_the_segments_out()
    {
        var segments = new NormSegments(s_layout);
        int next = 0;
        foreach ((int start, int end) in ((int, int)[])[(0, 4096), (4096, 12288), (12288, s_layout.TrainedCount)])
        {
            (int first, int count) = segments.Range(start, end);
            Assert.Equal(next, first);
            Assert.Equal(start, segments[first].Offset);
            Assert.Equal(end, segments[first + count - 1].End);
            next = first + count;
        }
        Assert.Equal(segments.Count, next);
    }

    [Fact]
    public void Each_limit_scales_as_PyTorch_does_and_a_small_gradient_stays()
    {
        var segments = new NormSegments(s_layout);
        var random = new Random(8);
        var squares = new double[segments.Count];
        for (int i = 0; i < squares.Length; i++) squares[i] = random.NextDouble();
        var scales = new float[segments.ViewCount];
        double norm = Math.Sqrt(squares.Sum());

        ClipResult result = ClipPlan.Compute(new ClipDescription(GlobalNorm: 0.5), segments, squares, scales);
        Assert.Equal(norm, result.GlobalNorm, 1e-12);
        Assert.True(result.Clipped && result.IsFinite);
        Assert.Equal(0.5 / (norm + 1e-6), scales[0], 1e-7);

        result = ClipPlan.Compute(new ClipDescription(GlobalNorm: 50), segments, squares, scales);
        Assert.False(result.Clipped);
        Assert.All(scales, s => Assert.Equal(1, s));

        ClipPlan.Compute(new ClipDescription(ParameterNorm: 0.1), segments, squares, scales);
        double ofView = 0;
        for (int i = 0; i < segments.Count; i++) ofView += segments[i].View == 2 ? squares[i] : 0;
        Assert.Equal(0.1 / (Math.Sqrt(ofView) + 1e-6), scales[2], 1e-7);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_gradient_that_is_not_finite_is_told(double bad)
    {
        var segments = new NormSegments(s_layout);
        var squares = new double[segments.Count];
        squares[^1] = bad;
        Assert.False(ClipPlan.Compute(new ClipDescription(GlobalNorm: 1), segments, squares, new float[segments.ViewCount]).IsFinite);
    }

    [Fact]
    public void An_update_in_pieces_has_the_bits_of_one_in_a_whole()
    {
        OptimizerDescription[] optimizers =
            [new SgdDescription(0.1, 0.9, true, 0.01), new AdagradDescription(), new RmspropDescription(Momentum: 0.5), new AdamDescription(), new AdamwDescription()];
        foreach (OptimizerDescription description in optimizers)
            Assert.Equal(Updated(description, [1001]), Updated(description, [1, 16, 333, 651]));
    }

    private static float[] Updated(OptimizerDescription description, int[] pieces)
    {
        var random = new Random(6);
        var optimizer = Optimizer.Create(description);
        float[] parameters = [.. Enumerable.Range(0, pieces.Sum()).Select(_ => TestData.Normal(random))];
        TensorBuffer[] state = [.. optimizer.StateNames.Select(_ => new TensorBuffer(parameters.Length))];
        for (int step = 0; step < 3; step++)
        {
            float[] gradient = [.. parameters.Select(_ => TestData.Normal(random))];
            int offset = 0;
            foreach (int count in pieces)
            {
                optimizer.Update(step, description.Rate, 0.7f, parameters.AsSpan(offset, count), gradient.AsSpan(offset, count), state, offset);
                offset += count;
            }
        }
        return parameters;
    }
}
