using System.Runtime.CompilerServices;
using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

public class SampleJobTests
{
    [Fact]
    public void The_flowers_have_three_classes_and_missing_values()
    {
        TrainingData data = Load("flowers.csv", "species", TargetKind.Classes, new ImputeStep(ImputeStrategy.Mean), new StandardizeStep());
        Assert.Equal((120, 30), (data.Train.Count, data.Test!.Count));
        Assert.Equal(["setosa", "versicolor", "virginica"], data.Schema.ClassNames!);
        Assert.Equal(["sepal length", "sepal width", "petal length, cm", "petal width"], data.Schema.FeatureNames);
        CsvJob.Expect(() => Load("flowers.csv", "species", TargetKind.Classes), ErrorKind.Data, "is missing", "flowers.csv:13", "impute");
    }

    [Fact]
    public void The_customers_are_binary_with_two_columns_of_words()
    {
        TrainingData data = Load("customers.csv", "left", TargetKind.Binary, new OneHotStep(["plan", "payment"]), new StandardizeStep());
        Assert.Equal(300, data.Train.Count + data.Test!.Count);
        Assert.Equal(["no", "yes"], data.Schema.ClassNames!);
        Assert.Equal(9, data.Train.SampleShape.ElementCount);
    }

    [Fact]
    public void The_houses_are_a_regression()
    {
        TrainingData data = Load(
            "houses.csv", "price", TargetKind.Values, new ImputeStep(ImputeStrategy.Median), new OneHotStep(["district"]),
                new StandardizeStep());
        Assert.Equal(400, data.Train.Count + data.Test!.Count);
        Assert.Equal(new TensorShape(), data.Train.TargetShape);
        Assert.Equal(0, data.Schema.ClassCount);
        Assert.Null(data.Schema.ClassNames);
    }

    private static TrainingData Load(string file, string label, TargetKind target, params PreprocessStep[] steps) => DataLoader.Load(
        CsvJob.Of(label, steps, test: new Fraction(0.2), path: file), target, 1, Folder());

    private static string Folder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../deploy/jobs/data"));
}
