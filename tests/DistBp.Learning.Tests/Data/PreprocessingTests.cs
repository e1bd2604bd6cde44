using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public sealed class PreprocessingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Standardize_uses_mean_and_deviation_and_zeroes_constants() =>
        Assert.Equal([-1f, 0, 1, 0], Train("a,b,y\n1,7,0\n3,7,1\n", new StandardizeStep()));

    [Fact]
    public void MinMax_maps_to_0_and_1() => Assert.Equal([0f, 0, 0.25f, 0, 1, 0], Train("a,b,y\n10,7,0\n12.5,7,1\n20,7,1\n",
        new MinMaxStep()));

    [Theory]
    [InlineData(ImputeStrategy.Mean, 5)]
    [InlineData(ImputeStrategy.Median, 3)]
    [InlineData(ImputeStrategy.Constant, -1)]
    public void Impute_fills_missing_values(ImputeStrategy strategy, float expected)
    {
        foreach (string missing in (string[])["", " ", "NA", "na", "NaN", "?", "null"])
            Assert.Equal([1f, 11, 3, expected], Train($"a,y\n1,0\n11,1\n3,1\n{missing},0\n", new ImputeStep(strategy, -1)));
    }

    [Fact]
    public void The_median_of_an_even_count_is_the_mean_of_the_middle_two() =>
        Assert.Equal(2.5f, Train("a,y\n1,0\n2,1\n3,1\n90,0\n,0\n", new ImputeStep(ImputeStrategy.Median))[4]);

    [Fact]
    public void OneHot_makes_a_feature_a_category_where_the_column_stood()
    {
        TrainingData data = Load("a,color,b,y\n1,red,2,0\n3,blue,4,1\n5,red,6,1\n", new OneHotStep(["color"]));
        Assert.Equal(["a", "color=blue", "color=red", "b"], data.Schema.FeatureNames);
        Assert.Equal([1f, 0, 1, 2, 3, 1, 0, 4, 5, 0, 1, 6], data.Train.Samples.Span.ToArray());
    }

    [Fact]
    public void OneHot_of_numbers_orders_them_by_value()
    {
        TrainingData data = Load("a,y\n10,0\n9,1\n10,1\n", new OneHotStep(["a"]));
        Assert.Equal(["a=9", "a=10"], data.Schema.FeatureNames);
        Assert.Equal([0f, 1, 1, 0, 0, 1], data.Train.Samples.Span.ToArray());
    }

    [Fact]
    public void A_missing_word_becomes_the_most_frequent_one_or_none()
    {
        const string Text = "c,y\nx,0\nz,1\nz,0\n,1\n";
        Assert.Equal([1f, 0, 0, 1, 0, 1, 0, 1], Train(Text, new ImputeStep(ImputeStrategy.Mean), new OneHotStep(["c"])));
        Assert.Equal([1f, 0, 0, 1, 0, 1, 0, 0], Train(Text, new OneHotStep(["c"]), new ImputeStep(ImputeStrategy.Mean)));
    }

    [Fact]
    public void DropConstant_and_selectTop_keep_names_and_order()
    {
        const string Text = "k,noise,good,best,y\n7,1,1,1,0\n7,2,2,1,0\n7,1,5,9,1\n7,2,4,9,1\n";
        Assert.Equal(["noise", "good", "best"], Load(Text, new DropConstantStep()).Schema.FeatureNames);
        Assert.Equal(["good", "best"], Load(Text, new SelectTopStep(2)).Schema.FeatureNames);
        _folder.Write("data.csv", Text);
        TrainingData values = DataLoader.Load(CsvJob.Of("y", [new SelectTopStep(1)]), TargetKind.Values, 1, _folder.Path);
        Assert.Equal(["best"], values.Schema.FeatureNames);
    }

    [Fact]
    public void Steps_are_fitted_on_the_training_part_only()
    {
        // One row of 40 is far off. Whatever part it falls into, the training part alone decides the scale.
        string text = "a,y\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{(i == 17 ? 1e6 : i)},{i % 2}\n"));
        _folder.Write("data.csv", text);
        bool wasInTraining = false, wasOutside = false;
        for (int seed = 0; seed < 20; seed++)
        {
            TrainingData data = DataLoader.Load(
                CsvJob.Of("y", [new MinMaxStep()], test: new Fraction(0.25), validation: new Fraction(0.25)), TargetKind.Classes, seed,
                    _folder.Path);
            Assert.Equal((20, 10, 10), (data.Train.Count, data.Validation!.Count, data.Test!.Count));
            float[] train = data.Train.Samples.Span.ToArray();
            Assert.Equal((0f, 1f), (train.Min(), train.Max()));
            float elsewhere = Math.Max(data.Validation.Samples.Span.ToArray().Max(), data.Test.Samples.Span.ToArray().Max());
            if (elsewhere > 1000) wasOutside = true;
            else wasInTraining = true;
        }
        Assert.True(wasOutside && wasInTraining);
    }

    [Fact]
    public void Splits_follow_from_the_seed_and_lose_no_row()
    {
        _folder.Write("data.csv", "a,y\n" + string.Concat(Enumerable.Range(0, 101).Select(i => $"{i},{i % 3}\n")));
        float[][] Parts(int seed)
        {
            TrainingData data = DataLoader.Load(
                CsvJob.Of("y", [], test: new Fraction(0.2), validation: new Fraction(0.1)), TargetKind.Classes, seed, _folder.Path);
            foreach (Dataset part in (Dataset[])[data.Train, data.Validation!, data.Test!])
                for (int i = 0; i < part.Count; i++) Assert.Equal(part.Samples.Span[i] % 3, part.Targets.Span[i]);
            return [data.Train.Samples.Span.ToArray(), data.Validation!.Samples.Span.ToArray(), data.Test!.Samples.Span.ToArray()];
        }
        float[][] first = Parts(1);
        Assert.Equal(Enumerable.Range(0, 101).Select(i => (float)i), first.SelectMany(p => p).Order());
        Assert.Equal([71, 10, 20], first.Select(p => p.Length));
        Assert.Equal(first, Parts(1));
        Assert.NotEqual(first[2], Parts(2)[2]);
    }

    [Fact]
    public void Impossible_steps_say_why()
    {
        const string Text = "a,b,y\n1,2,0\n1,2,1\n";
        Fails(Text, [new DropConstantStep()], ErrorKind.Data, "No feature is left", "data.preprocess[0]");
        Fails(Text, [new SelectTopStep(3)], ErrorKind.Data, "3 features are asked for and there are 2");
        Fails(Text, [new OneHotStep(["colour"])], ErrorKind.Data, "no column 'colour'", "a, b, y");
        Fails(Text, [new OneHotStep(["y"])], ErrorKind.Usage, "'y' is not a feature");
        Fails(Text, [new DivideStep(0)], ErrorKind.Data, "divided by 0");
        Fails(Text, [new DivideStep(1e-40)], ErrorKind.Data, "After preprocessing the feature 'a' is Infinity", "data.csv:2");
        Fails("a,b,y\n,1,0\nNA,2,1\n", [new ImputeStep(ImputeStrategy.Mean)], ErrorKind.Data, "'a' has no value");
    }

    [Fact]
    public void A_part_that_would_be_empty_is_an_error()
    {
        _folder.Write("data.csv", "a,y\n1,0\n2,1\n3,1\n");
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", [], test: new Fraction(0.1)), TargetKind.Classes, 1, _folder.Path),
            ErrorKind.Data, "3 samples", "empty");
        CsvJob.Expect(() => DataLoader.Load(CsvJob.Of("y", [], test: new Fraction(1.5)), TargetKind.Classes, 1, _folder.Path),
            ErrorKind.Usage, "1.5");
    }

    private void Fails(string text, PreprocessStep[] steps, ErrorKind kind, params string[] expected) =>
        CsvJob.Expect(() => Load(text, steps), kind, expected);

    private float[] Train(string text, params PreprocessStep[] steps) => Load(text, steps).Train.Samples.Span.ToArray();

    private TrainingData Load(string text, params PreprocessStep[] steps)
    {
        _folder.Write("data.csv", text);
        return DataLoader.Load(CsvJob.Of("y", steps), TargetKind.Classes, 1, _folder.Path);
    }
}
