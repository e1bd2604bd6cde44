using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DistBp.Cli.Tests;

/// <summary>Small data and jobs over it.</summary>
internal static class SampleJobs
{
    public const int IrisRows = 120;

    /// <summary>Three clouds of points in four dimensions, the last column the class; one class has a comma in its name.</summary>
    public static string WriteIris(TemporaryFolder folder, string settings = "")
    {
        folder.Write("iris.csv", IrisText(withLabel: true));
        return folder.Write("iris.yaml", $$$"""
            name: iris
            seed: 3
            data:
              format: csv
              train: {path: iris.csv, label: species}
              test: 0.25
              preprocess: [standardize]
            model: {layers: [{dense: 8}, relu, {dense: 3}]}
            loss: softmaxCrossEntropy
            optimizer: {adam: {rate: 0.02}}
            clip: {globalNorm: 1.0}
            batch: 12
            slices: 6
            epochs: 20
            {{{settings}}}
            """);
    }

    /// <summary>Six tokens of forty a sample; the class says which third of them the first one is from.</summary>
    public static string WriteTokens(TemporaryFolder folder)
    {
        var random = new Random(20261121);
        var text = new StringBuilder("a,b,c,d,e,f,third\n");
        for (int row = 0; row < 90; row++)
        {
            int[] tokens = [.. Enumerable.Range(0, 6).Select(_ => random.Next(40))];
            text.Append(string.Join(',', tokens)).Append(CultureInfo.InvariantCulture, $",third{tokens[0] / 14}\n");
        }
        folder.Write("tokens.csv", text.ToString());
        return folder.Write("tokens.yaml", """
            name: tokens
            data: {format: csv, train: {path: tokens.csv, label: third}, test: 0.25}
            model: {layers: [{embedding: {vocabulary: 40, size: 5}}, {dense: 8}, batchNorm, relu, {dense: 3}]}
            loss: softmaxCrossEntropy
            optimizer: {adam: {rate: 0.02}}
            clip: {globalNorm: 1.0}
            batch: 16
            slices: 4
            epochs: 10
            """);
    }

    public static string IrisText(bool withLabel)
    {
        string[] classes = ["setosa", "\"versicolor, blue\"", "virginica"];
        var random = new Random(20261121);
        var text = new StringBuilder(withLabel ? "a,b,c,d,species\n" : "a,b,c,d\n");
        for (int row = 0; row < IrisRows; row++)
        {
            int of = row % 3;
            for (int column = 0; column < 4; column++)
            {
                double value = (of * (column + 1)) + (random.NextDouble() * 1.5);
                text.Append(column > 0 ? "," : "").Append(value.ToString("F3", CultureInfo.InvariantCulture));
            }
            text.Append(withLabel ? "," + classes[of] : "").Append('\n');
        }
        return text.ToString();
    }

    public static JsonElement Result(TemporaryFolder folder, string run)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(folder.File(Path.Combine(run, "result.json"))));
        return document.RootElement.Clone();
    }

    public static string WeightsOf(TemporaryFolder folder, string run) => Result(folder, run).GetProperty("weightsSha256").GetString()!;

    /// <summary>The run's checkpoints, newest first.</summary>
    public static string[] Checkpoints(TemporaryFolder folder, string run) =>
        [.. Directory.GetDirectories(folder.File(Path.Combine(run, "checkpoints"))).OrderDescending(StringComparer.Ordinal)];

    /// <summary>Flips one bit in the middle of a file.</summary>
    public static void FlipBit(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }
}
