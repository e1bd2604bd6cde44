using System.Globalization;
using DistBp.Cluster.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DistBp.Cli.Display;

/// <summary>The epochs so far, newest last. Columns that a narrow terminal has no room for are left out.</summary>
internal static class EpochTable
{
    /// <summary>Lines of the table that are not epochs.</summary>
    public const int FrameLines = 3;
    private const int WideColumns = 90;

    public static Table Draw(IReadOnlyList<EpochFigures> epochs, int total, int width, int maxRows)
    {
        bool accuracy = epochs.Any(e => e.Train.Accuracy is not null), validation = epochs.Any(e => e.Validation is not null);
        bool wide = width >= WideColumns, perplexity = epochs.Any(e => e.Train.Perplexity is not null);
        var table = new Table { Border = TableBorder.Simple, ShowHeaders = true };
        Add(table, "epoch");
        Add(table, "loss");
        if (accuracy) Add(table, "accuracy");
        if (validation) Add(table, wide ? "validation loss" : "val. loss");
        if (validation && accuracy) Add(table, wide ? "validation accuracy" : "val. acc.");
        if (perplexity) Add(table, "perplexity");
        if (wide) Add(table, "rate");
        if (wide) Add(table, "samples/s");
        Add(table, "time");
        foreach (EpochFigures epoch in epochs.Skip(epochs.Count - maxRows))
        {
            List<string> cells = [string.Create(CultureInfo.InvariantCulture, $"{epoch.Epoch}/{total}"), NumberText.Real(epoch.Train.Loss)];
            if (accuracy) cells.Add(AccuracyCell(epoch.Train.Accuracy));
            if (validation) cells.Add(epoch.Validation is { } values ? NumberText.Real(values.Loss) : "");
            if (validation && accuracy) cells.Add(AccuracyCell(epoch.Validation?.Accuracy));
            if (perplexity) cells.Add((epoch.Validation ?? epoch.Train).Perplexity is { } value ? NumberText.Real(value) : "");
            if (wide) cells.AddRange([NumberText.Rate(epoch.Rate), epoch.IsTimed ? NumberText.Count(epoch.SamplesPerSecond) : ""]);
            cells.Add(epoch.IsTimed ? NumberText.Duration(epoch.Time) : "");
            table.AddRow(cells.Select(IRenderable (c) => new Text(c)));
        }
        return table;
    }

    private static void Add(Table table, string header) => table.AddColumn(new TableColumn(new Text(header)).RightAligned().NoWrap());

    private static string AccuracyCell(double? value) => value is { } number ? NumberText.Accuracy(number) : "";
}
