using DistBp.Cluster.Configuration;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class PictureLayerTests
{
    private const string Layers = """
        model.layers=[{conv2d: 8}, {conv2d: {filters: 6, kernel: [3, 5], stride: [2, 1], padding: same, dilation: 2, groups: 2, name: wide}},
        {conv2d: {filters: 4, padding: [1, 0]}}, {maxPool2d: 2}, {avgPool2d: {size: [3, 2], stride: 1, padding: 1}}, globalAveragePool]
        """;

    [Fact]
    public void Layers_over_pictures_are_read_with_their_defaults_and_written_back()
    {
        JobDescription job = JobText.Parse(JobText.Minimal, Layers);
        LayerDescription[] expected =
        [
            new Conv2dDescription(null, 8),
            new Conv2dDescription("wide", 6, new Plane(3, 5), new Plane(2, 1), Padding.Same, Plane.Square(2), 2),
            new Conv2dDescription(null, 4) { Padding = new Padding(PaddingKind.Pixels, new Plane(1, 0)) },
            new PoolDescription(null, PoolKind.Max, Plane.Square(2), Plane.Square(2), Padding.Valid),
            new PoolDescription(null, PoolKind.Average, new Plane(3, 2), Plane.Square(1), new Padding(PaddingKind.Pixels, Plane.Square(1))),
            new GlobalAveragePoolDescription(null),
        ];
        Assert.Equal(expected, job.Model.Layers);

        string written = JobFile.Write(job);
        Assert.Equal(expected, JobText.Parse(written).Model.Layers);
        Assert.Equal(written, JobFile.Write(JobText.Parse(written)));
    }

    [Theory]
    [InlineData("{conv2d: {kernel: 3}}", "the key \"filters\" is missing")]
    [InlineData("{conv2d: {filters: 8, kernel: 0}}", "expected a whole number from 1 to 65536")]
    [InlineData("{conv2d: {filters: 8, kernel: [3]}}", "or two of them as [HEIGHT, WIDTH]")]
    [InlineData("{conv2d: {filters: 8, padding: full}}", "expected same or valid or a whole number of pixels")]
    [InlineData("{conv2d: {filters: 8, kernal: 3}}", "unknown key \"kernal\"")]
    [InlineData("maxPool2d", "the key \"size\" is missing")]
    [InlineData("{maxPool: 2}", "unknown layer \"maxPool\"")]
    public void What_is_wrong_with_a_layer_is_told(string layer, string problem)
        => Assert.Contains(JobText.Problems(JobText.Minimal, $"model.layers=[{layer}]"), p => p.Contains(problem, StringComparison.Ordinal));
}
