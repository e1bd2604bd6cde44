using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public sealed class FoldTests
{
    private static readonly DataDescription s_digits = new(DataFormat.Digits, null, new Fraction(0.2), null, null, [new DivideStep(16)], false);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(7)]
    public void Every_sample_is_validated_exactly_once_and_each_class_is_in_every_fold(int count)
    {
        TrainingData whole = Load(s_digits, null);
        var validated = new List<string>();
        for (int fold = 0; fold < count; fold++)
        {
            TrainingData data = Load(s_digits, new Fold(fold, count));
            Assert.Equal(whole.Train.Count, data.Train.Count + data.Validation!.Count);
            Assert.InRange(data.Validation.Count, whole.Train.Count / count, (whole.Train.Count / count) + 1);
            Assert.Empty(Rows(data.Train).Intersect(Rows(data.Validation)).Except(Duplicates(whole.Train)));
            Assert.Equal(Rows(whole.Test!), Rows(data.Test!));
            for (int digit = 0; digit < 10; digit++)
                Assert.InRange(OfClass(data.Validation, digit), (OfClass(whole.Train, digit) / count), (OfClass(whole.Train, digit) / count) + 1);
            validated.AddRange(Rows(data.Validation));
        }
        Assert.Equal(Rows(whole.Train).Order(), validated.Order());
    }

    [Fact]
    public void Folds_follow_from_the_seed()
    {
        Assert.Equal(Rows(Load(s_digits, new Fold(1, 5)).Validation!), Rows(Load(s_digits, new Fold(1, 5)).Validation!));
        Assert.NotEqual(Rows(Load(s_digits, new Fold(1, 5)).Validation!), Rows(DataLoader.Load(s_digits, TargetKind.Classes, 2, ".", new Fold(1, 5)).Validation!));
    }

    [Fact]
    public void A_fold_takes_the_place_of_the_validation_part_whose_samples_are_in_the_folds()
    {
        TrainingData without = Load(s_digits, new Fold(0, 4)), with = Load(s_digits with { Validation = new Fraction(0.3) }, new Fold(0, 4));
        Assert.Equal(Rows(without.Validation!), Rows(with.Validation!));
        Assert.Equal(Rows(without.Train), Rows(with.Train));
    }

    [Fact]
    public void Preprocessing_is_fitted_on_the_other_folds_alone()
    {
        TrainingData data = Load(s_digits with { Preprocess = [new StandardizeStep()] }, new Fold(0, 3));
        int width = data.Train.SampleShape.ElementCount;
        Assert.Equal(0, Mean(data.Train, 20, width), 1e-5);
        Assert.NotEqual(0, Mean(data.Validation!, 20, width), 1e-3);
    }

    [Fact]
    public void Fewer_samples_than_folds_are_told()
    {
        var wrong = Assert.Throws<UserException>(() => Load(s_digits, new Fold(0, 2000)));
        Assert.Contains("1438 samples cannot be split into 2000 folds", wrong.Message, StringComparison.Ordinal);
    }

    private static TrainingData Load(DataDescription data, Fold? fold) => DataLoader.Load(data, TargetKind.Classes, 1, ".", fold);

    /// <summary>Samples with their targets as texts.</summary>
    private static string[] Rows(Dataset data)
    {
        int width = data.SampleShape.ElementCount;
        return [.. Enumerable.Range(0, data.Count).Select(i => $"{data.Targets.Span[i]}: {string.Join(' ', data.Samples.Span.Slice(i * width, width).ToArray())}")];
    }

    private static IEnumerable<string> Duplicates(Dataset data) => Rows(data).GroupBy(r => r).Where(g => g.Count() > 1).Select(g => g.Key);

    private static int OfClass(Dataset data, int digit) => data.Targets.Span.ToArray().Count(t => t == digit);

    private static double Mean(Dataset data, int feature, int width) => Enumerable.Range(0, data.Count).Average(i => data.Samples.Span[(i * width) + feature]);
}
