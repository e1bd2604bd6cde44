using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public class DigitsTests
{
    [Fact]
    public void The_embedded_digits_are_1797_images_of_8_by_8_with_ten_classes()
    {
        TrainingData data = Load(null, null);
        Assert.Equal(1797, data.Train.Count);
        Assert.Equal(new TensorShape(1, 8, 8), data.Train.SampleShape);
        Assert.Equal([0f, 0, 5, 13, 9, 1, 0, 0], data.Train.Samples.Span[..8].ToArray());
        Assert.Equal([0f, 1, 2, 3], data.Train.Targets.Span[..4].ToArray());
        Assert.Equal(8f, data.Train.Targets.Span[1796]);
        Assert.Equal(0, data.Train.Samples.Span.ToArray().Min());
        Assert.Equal(16, data.Train.Samples.Span.ToArray().Max());
        Assert.Equal(10, data.Schema.ClassNames!.Count);
        Assert.Equal([178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
            data.Train.Targets.Span.ToArray().GroupBy(y => y).OrderBy(g => g.Key).Select(g => g.Count()));
    }

    [Fact]
    public void Fractions_split_them_by_seed_without_loss()
    {
        TrainingData data = Load(new Fraction(0.2), new Fraction(0.1));
        Assert.Equal((1258, 180, 359), (data.Train.Count, data.Validation!.Count, data.Test!.Count));
        double all = Load(null, null).Train.Samples.Span.ToArray().Sum(x => (double)x);
        Assert.Equal(all, new[] { data.Train, data.Validation, data.Test }.Sum(p => p.Samples.Span.ToArray().Sum(x => (double)x)));
    }

    private static TrainingData Load(DataSource? test, DataSource? validation) =>
        DataLoader.Load(new DataDescription(DataFormat.Digits, null, test, validation, null, [], false), TargetKind.Classes, 1, ".");
}
