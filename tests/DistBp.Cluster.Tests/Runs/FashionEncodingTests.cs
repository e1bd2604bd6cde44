using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Runs;

public sealed class FashionEncodingTests(ITestOutputHelper output)
{
    [FashionMnistFact]
    public async Task Int8_and_one_of_a_hundred_reach_the_accuracy_of_f32_within_half_a_point_in_equal_epochs()
    {
        double exact = await AccuracyAsync("f32");
        foreach (string encoding in new[] { "int8", "{topK: 0.01}" }) Assert.InRange(await AccuracyAsync(encoding), exact - 0.005, 1);
    }

    private async Task<double> AccuracyAsync(string encoding, [CallerFilePath] string path = "")
    {
        string file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "deploy", "jobs", "fashion-mlp.yaml"));
        JobDescription job = JobFile.Read(file, ["epochs=10", $"wire.gradients={encoding}"]);
        double accuracy = (await TestRun.WholeAsync(job, 2, 2)).Outcome.TestAccuracy!.Value;
        output.WriteLine($"{encoding}: test accuracy {accuracy:F4}");
        return accuracy;
    }
}
