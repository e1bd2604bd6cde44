using DistBp.Learning.Data;
using DistBp.Learning.Data.Augmentation;

namespace DistBp.Learning.Tests.Data;

public sealed class AugmenterTests
{
    private const int Planes = 2, Height = 4, Width = 5;
    private static readonly TensorShape s_shape = new(Planes, Height, Width);

    [Theory]
    [InlineData(PictureFill.Zeros)]
    [InlineData(PictureFill.Edge)]
    [InlineData(PictureFill.Reflect)]
    public void A_piece_of_the_widened_picture_is_cut_out_everywhere_alike_often(PictureFill fill)
    {
        var seen = new Dictionary<(int, int), int>();
        float[] picture = Picture();
        var augmenter = new Augmenter([new CropStep(2, fill)], s_shape, 7);
        for (int i = 0; i < 2000; i++)
        {
            float[] changed = (float[])picture.Clone();
            augmenter.Apply(changed, [i], 3);
            (int Down, int Right) shift = Shifts(2).Single(s => changed.SequenceEqual(Shifted(picture, s.Down, s.Right, fill)));
            seen[shift] = seen.GetValueOrDefault(shift) + 1;
        }
        Assert.Equal(25, seen.Count);
        Assert.All(seen.Values, count => Assert.InRange(count, 45, 120));
    }

    [Fact]
    public void A_shift_fills_with_zeros_and_goes_as_far_as_it_is_asked_to()
    {
        float[] picture = Picture();
        var augmenter = new Augmenter([new ShiftStep(3)], s_shape, 7);
        var seen = new HashSet<(int, int)>();
        for (int i = 0; i < 1000; i++)
        {
            float[] changed = (float[])picture.Clone();
            augmenter.Apply(changed, [i], 0);
            seen.Add(Shifts(3).First(s => changed.SequenceEqual(Shifted(picture, s.Down, s.Right, PictureFill.Zeros))));
        }
        Assert.Equal(49, seen.Count);
    }

    [Theory]
    [InlineData(FlipDirection.Horizontal, 2)]
    [InlineData(FlipDirection.Vertical, 2)]
    [InlineData(FlipDirection.Both, 4)]
    public void A_flip_mirrors_half_of_the_samples(FlipDirection direction, int outcomes)
    {
        float[] picture = Picture();
        var augmenter = new Augmenter([new FlipStep(direction)], s_shape, 7);
        var seen = new Dictionary<(bool Horizontal, bool Vertical), int>();
        (bool Horizontal, bool Vertical)[] flips = [(false, false), (true, false), (false, true), (true, true)];
        for (int i = 0; i < 1000; i++)
        {
            float[] changed = (float[])picture.Clone();
            augmenter.Apply(changed, [i], 0);
            (bool Horizontal, bool Vertical) flip = flips.Single(f => changed.SequenceEqual(Flipped(picture, f.Horizontal, f.Vertical)));
            seen[flip] = seen.GetValueOrDefault(flip) + 1;
        }
        Assert.Equal(outcomes, seen.Count);
        Assert.All(seen.Values, count => Assert.InRange(count, 800 / outcomes, 1200 / outcomes));
        if (direction != FlipDirection.Both) Assert.Contains((direction == FlipDirection.Horizontal, direction == FlipDirection.Vertical), seen.Keys);
    }

    [Fact]
    public void A_sample_is_changed_alike_wherever_it_stands_and_otherwise_in_another_epoch_or_by_another_seed()
    {
        AugmentStep[] steps = [new ShiftStep(1), new FlipStep(FlipDirection.Both), new CropStep(2, PictureFill.Edge), new NoiseStep(0.2)];
        float[] picture = Picture();
        float[] batch = [.. picture, .. picture, .. picture];
        new Augmenter(steps, s_shape, 7).Apply(batch, [5, 900, 31], 2);
        Assert.Equal(batch[^picture.Length..], Changed(steps, 7, 31, 2));
        float[][] others = [Changed(steps, 7, 31, 2), Changed(steps, 8, 31, 2), Changed(steps, 7, 32, 2), Changed(steps, 7, 31, 3)];
        Assert.Equal(4, others.DistinctBy(o => o[0]).Count());

        float[] Changed(AugmentStep[] steps, int seed, int sample, int epoch)
        {
            float[] changed = (float[])picture.Clone();
            new Augmenter(steps, s_shape, seed).Apply(changed, [sample], epoch);
            return changed;
        }
    }

    [Fact]
    public void What_does_not_fit_the_samples_is_told_all_at_once()
    {
        AugmentStep[] steps = [new ShiftStep(4), new NoiseStep(1), new CropStep(9), new FlipStep(FlipDirection.Both)];
        AugmentationChecks.Check([new ShiftStep(3), new CropStep(3, PictureFill.Reflect)], Data(s_shape));
        Problem[] pictures = [.. Problems(steps, Data(s_shape))];
        Assert.Equal(["data.augment.0", "data.augment.2"], pictures.Select(p => p.Where));
        Assert.Equal("shift 4 can move a picture of 4 x 5 pixels out of sight", pictures[0].What);
        Assert.Equal("give at most 3", pictures[0].Remedy);
        Problem[] vectors = [.. Problems(steps, Data(new TensorShape(20)))];
        Assert.Equal(["data.augment.0", "data.augment.2", "data.augment.3"], vectors.Select(p => p.Where));
        Assert.Contains("[channels, height, width] or [height, width], and a sample has the shape [20]", vectors[0].What, StringComparison.Ordinal);
        Problem[] sequences = [.. Problems(steps, Data(new TensorShape(4, 5), [2]))];
        Assert.Contains("a sequence of a length of its own", sequences[2].What, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Problem> Problems(AugmentStep[] steps, Dataset train) =>
        Assert.Throws<UserException>(() => AugmentationChecks.Check(steps, train)).Problems;

    private static MemoryDataset Data(TensorShape shape, int[]? lengths = null) =>
        new(1, shape, new TensorShape(), new TensorBuffer(shape.ElementCount), new TensorBuffer(1), lengths);

    /// <summary>1, 2, 3 …: no two pixels alike.</summary>
    private static float[] Picture() => [.. Enumerable.Range(1, Planes * Height * Width).Select(i => (float)i)];

    private static IEnumerable<(int Down, int Right)> Shifts(int most) =>
        Enumerable.Range(-most, 2 * most + 1).SelectMany(down => Enumerable.Range(-most, 2 * most + 1).Select(right => (down, right)));

    private static float[] Shifted(float[] picture, int down, int right, PictureFill fill) =>
        Mapped((p, y, x) => At(picture, p, y - down, x - right, fill));

    private static float[] Flipped(float[] picture, bool horizontal, bool vertical) =>
        Mapped((p, y, x) => At(picture, p, vertical ? Height - 1 - y : y, horizontal ? Width - 1 - x : x, PictureFill.Zeros));

    private static float[] Mapped(Func<int, int, int, float> pixel) =>
    [
        .. Enumerable.Range(0, Planes).SelectMany(p => Enumerable.Range(0, Height).SelectMany(y => Enumerable.Range(0, Width).Select(x => pixel(p, y, x)))),
    ];

    private static float At(float[] picture, int plane, int y, int x, PictureFill fill)
    {
        bool outside = y < 0 || y >= Height || x < 0 || x >= Width;
        if (outside && fill == PictureFill.Zeros) return 0;
        (y, x) = fill == PictureFill.Edge ? (Math.Clamp(y, 0, Height - 1), Math.Clamp(x, 0, Width - 1)) : (Mirrored(y, Height), Mirrored(x, Width));
        return picture[(plane * Height + y) * Width + x];
    }

    private static int Mirrored(int index, int length) => index < 0 ? -index : index >= length ? 2 * length - 2 - index : index;
}
