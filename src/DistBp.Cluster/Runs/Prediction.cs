using System.Globalization;
using CsvHelper;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Runs;

/// <summary>
/// A trained network's answers as CSV with a header. Classes: the class, then the probability of each. One binary target: the class and the
/// probability of the second one. Otherwise the outputs. Sounds begin with their file; where each step of a sequence has a class, a row is a
/// step: its sample and step (from 0) come first, and padding is left out.
/// </summary>
public static class Prediction
{
    private const int RowsPerPass = 256;

    public static void WriteCsv(SavedRun run, InputTable input, TextWriter output)
    {
        using CsvWriter csv = CsvWriter.Create(output, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true);
        TokenCheck.Require(run.Network, input);
        int outputCount = run.Network.OutputShape.ElementCount, elements = input.SampleShape.ElementCount;
        int steps = run.Network.Target.ClassSteps, columns = outputCount / Math.Max(1, steps);
        string[] names = ColumnNames(run, columns);
        if (input.Names is not null) csv.WriteField("file");
        if (steps > 0) csv.WriteField("sample");
        if (steps > 0) csv.WriteField("step");
        WriteHeader(csv, run.Schema, names);
        NetworkWorkspace workspace = run.Network.CreateWorkspace(Math.Max(1, Math.Min(RowsPerPass, input.Count)), 1, maxSliceRows: 1);
        var outputs = new float[workspace.MaxRows * outputCount];
        workspace.HasLengths = input.Lengths is not null;
        for (int first = 0; first < input.Count; first += workspace.MaxRows)
        {
            int rows = Math.Min(workspace.MaxRows, input.Count - first);
            input.Samples.Span.Slice(first * elements, rows * elements).CopyTo(workspace.Inputs);
            input.Lengths?.AsSpan(first, rows).CopyTo(workspace.Lengths);
            run.Network.Predict(workspace, run.Parameters.Span, rows, outputs);
            for (int row = 0; row < rows; row++)
                WriteSample(csv, run.Schema, names, input, first + row, steps, outputs.AsSpan(row * outputCount, outputCount));
        }
    }

    private static void WriteSample(
        CsvWriter csv, DataSchema schema, string[] names, InputTable input, int sample, int steps, ReadOnlySpan<float> outputs)
    {
        int rows = steps == 0 ? 1 : input.Lengths?[sample] ?? steps;
        for (int row = 0; row < rows; row++)
        {
            if (input.Names is { } files) csv.WriteField(files[sample]);
            if (steps > 0) csv.WriteField(sample.ToString(CultureInfo.InvariantCulture));
            if (steps > 0) csv.WriteField(row.ToString(CultureInfo.InvariantCulture));
            WriteRow(csv, schema, names, outputs.Slice(row * names.Length, names.Length));
        }
    }

    private static string[] ColumnNames(SavedRun run, int columns) => run.Schema.Target switch
    {
        TargetKind.Classes => ClassNames(run.Schema, columns),
        TargetKind.Binary when columns == 1 => ["probability"],
        TargetKind.Binary => Numbered("probability", columns),
        TargetKind.Values when columns == 1 => [run.Schema.LabelName ?? "value"],
        TargetKind.Input when run.Schema.FeatureNames.Count == columns => [.. run.Schema.FeatureNames],
        _ => Numbered("value", columns),
    };

    private static string[] ClassNames(DataSchema schema, int count) => [.. Enumerable.Range(0, count).Select(c => ClassName(schema, c))];

    private static string ClassName(DataSchema schema, int index) =>
        schema.ClassNames is { } names && index < names.Count ? names[index] : index.ToString(CultureInfo.InvariantCulture);

    private static string[] Numbered(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}{i}"))];

    private static void WriteHeader(CsvWriter csv, DataSchema schema, string[] names)
    {
        if (HasClass(schema, names.Length)) csv.WriteField("class");
        foreach (string name in names) csv.WriteField(name);
        csv.EndRecord();
    }

    private static void WriteRow(CsvWriter csv, DataSchema schema, string[] names, ReadOnlySpan<float> outputs)
    {
        if (HasClass(schema, names.Length)) csv.WriteField(ClassName(schema, ClassOf(schema.Target, outputs)));
        foreach (float output in outputs) csv.WriteField(output.ToString(CultureInfo.InvariantCulture));
        csv.EndRecord();
    }

    private static bool HasClass(DataSchema schema, int columns) =>
        schema.Target == TargetKind.Classes || (schema.Target == TargetKind.Binary && columns == 1);

    /// <summary>The most probable class, the first of equals.</summary>
    private static int ClassOf(TargetKind target, ReadOnlySpan<float> outputs)
    {
        if (target == TargetKind.Binary) return outputs[0] > 0.5f ? 1 : 0;
        int best = 0;
        for (int i = 1; i < outputs.Length; i++)
            if (outputs[i] > outputs[best]) best = i;
        return best;
    }
}
