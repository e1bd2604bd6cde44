namespace DistBp.Cli.Tests;

public sealed class ChangedDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A part that the seed split off would be another one, with rows in it that the network was trained on.</summary>
    [Fact]
    public void A_part_is_not_split_off_training_data_that_have_changed()
    {
        CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder), "--out", "run");
        CommandRun.Succeed(_folder, "evaluate", "run");
        File.AppendAllText(_folder.File("iris.csv"), string.Join('\n', SampleJobs.IrisText(withLabel: true).Split('\n').Skip(1).Take(3)) + "\n");
        CommandRun.Run(_folder, "evaluate", "run").ShouldFail(3, "training data", "test part", "bring the old file back");
    }
}
