using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public class GeometryTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 3, 2)]
    [InlineData(1797, 256, 6)]
    [InlineData(101, 101, 64)]
    [InlineData(5, 64, 8)]
    [InlineData(1000, 33, 33)]
    public void Slices_of_all_steps_cover_every_sample_exactly_once(int samples, int batch, int slices)
    {
        var geometry = new MiniBatchGeometry(samples, batch, slices);
        int next = 0;
        for (int step = 0; step < geometry.StepsPerEpoch; step++)
        {
            Assert.Equal(next, geometry.StepRange(step).Start);
            Assert.InRange(geometry.StepRange(step).Count, 1, batch);
            for (int slice = 0; slice < slices; slice++)
            {
                RowRange rows = geometry.SliceRange(step, slice);
                Assert.Equal(next, rows.Start);
                Assert.InRange(rows.Count, 0, geometry.MaxSliceRows);
                next = rows.End;
            }
            Assert.Equal(next, geometry.StepRange(step).End);
        }
        Assert.Equal(samples, next);
    }

    [Fact]
    public void The_last_partial_mini_batch_is_kept()
    {
        var geometry = new MiniBatchGeometry(10, 4, 2);
        Assert.Equal(3, geometry.StepsPerEpoch);
        Assert.Equal(new RowRange(8, 10), geometry.StepRange(2));
        Assert.Equal(new RowRange(9, 10), geometry.SliceRange(2, 1));
    }

    [Fact]
    public void Large_epochs_and_slices_do_not_overflow()
    {
        var geometry = new MiniBatchGeometry(int.MaxValue, 1_500_000_000, 1_000_000);
        Assert.Equal(2, geometry.StepsPerEpoch);
        Assert.Equal(int.MaxValue, geometry.SliceRange(1, 999_999).End);
        Assert.Equal(1_500_000_000, geometry.SliceRange(0, 999_999).End);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 1)]
    [InlineData(64, 2)]
    [InlineData(100, 2)]
    [InlineData(128, 4)]
    [InlineData(256, 8)]
    [InlineData(1000, 16)]
    [InlineData(1024, 32)]
    [InlineData(2048, 64)]
    [InlineData(1_000_000, 64)]
    public void Default_slices_follow_from_the_batch_alone(int batch, int slices) =>
        Assert.Equal(slices, MiniBatchGeometry.DefaultSlices(batch));
}
