using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using Spectre.Console;

namespace DistBp.Cli.Display;

/// <summary>What came out of a run.</summary>
internal static class FinalTable
{
    public static Grid Draw(RunResult result, RunSnapshot run)
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 2, 0) }).AddColumn();
        string after = $"{NumberText.Count(result.Epochs, "epoch")}, {NumberText.Count(result.Steps, "step")}";
        Add(grid, RunText.Status(result.Status), $"{after} in {NumberText.Duration(TimeSpan.FromSeconds(result.WallSeconds))}");
        if (result.TestAccuracy is { } accuracy) Add(grid, "test accuracy", NumberText.Accuracy(accuracy));
        if (result.TestLoss is { } test) Add(grid, "test loss", NumberText.Real(test));
        // A resumed run does not know the figures of the epochs before.
        if (run is { BestEpoch: { } best, Started.StartStep: 0 }) Add(grid, "best epoch", Best(best));
        foreach (string line in RunText.Treatment(result)) Add(grid, "gradients", line);
        Add(grid, "speed", $"{NumberText.Count(result.SamplesPerSecond)} samples/s");
        Add(grid, "weights", RunText.ShortHash(result.WeightsSha256));
        Add(grid, "folder", run.Started!.Folder);
        return grid;
    }

    private static string Best(EpochFigures best)
    {
        string part = best.Validation is null ? "loss" : "validation loss";
        return $"{best.Epoch} ({part} {NumberText.Real((best.Validation ?? best.Train).Loss)})";
    }

    private static void Add(Grid grid, string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
}
