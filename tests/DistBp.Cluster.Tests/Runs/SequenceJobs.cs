using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>Small jobs over sequences, with their files in a folder of their own.</summary>
internal sealed class SequenceJobs : IDisposable
{
    public const int Samples = 240, Steps = 7, Features = 3;
    private readonly TemporaryFolder _folder = new();

    public static readonly string[] Names = ["lengths", "steps", "text", "embedded", "wav"];

    public SequenceJobs()
    {
        var random = new Random(20261121);
        float[] lengths = [.. Enumerable.Range(0, Samples).Select(_ => (float)random.Next(1, Steps + 1))];
        var x = new float[Samples * Steps * Features];
        float[] classes = new float[Samples], ofSteps = new float[Samples * Steps];
        for (int i = 0; i < x.Length; i++) x[i] = (float)(random.NextDouble() * 2 - 1);
        for (int i = 0; i < Samples; i++)
        {
            // Is there more of the first feature than of the second? What follows a sequence's end is garbage.
            double sum = 0;
            for (int t = 0; t < lengths[i]; t++)
            {
                int at = (i * Steps + t) * Features;
                sum += x[at] - x[at + 1];
                ofSteps[i * Steps + t] = x[at + 2] > 0.3 ? 2 : x[at] > x[at + 1] ? 1 : 0;
            }
            classes[i] = sum > 0 ? 1 : 0;
        }
        Write("x.npy", new TensorShape(Samples, Steps, Features), x);
        Write("y.npy", new TensorShape(Samples), classes);
        Write("ySteps.npy", new TensorShape(Samples, Steps), ofSteps);
        Write("lengths.npy", new TensorShape(Samples), lengths);
        File.WriteAllText(_folder["text.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40)));
    }

    public string Folder => _folder.Path;

    public JobDescription Read(string name, params string[] overrides) => JobFile.Parse(Text(name), $"{name}.yaml", overrides, name, Folder);

    public void Dispose() => _folder.Dispose();

    private static string Text(string name) => name switch
    {
        "lengths" => """
            data: {format: npy, train: {x: x.npy, y: y.npy, lengths: lengths.npy}, validation: 0.2, test: 0.2, preprocess: [standardize]}
            model: {layers: [{gru: 6}, {dense: 2}]}
            """,
        "steps" => """
            data: {format: npy, train: {x: x.npy, y: ySteps.npy, lengths: lengths.npy}, validation: 0.2, test: 0.2, preprocess: [standardize]}
            model: {layers: [{lstm: {units: 5, returnSequences: true, bidirectional: true}}, {dense: {units: 3, timeDistributed: true}}]}
            """,
        "text" => """
            data: {format: text, train: {path: text.txt, length: 12, stride: 5}, validation: 0.2, test: 0.2}
            model: {layers: [{lstm: {units: 12, returnSequences: true}}, {dense: {units: 12, timeDistributed: true}}]}
            """,
        "embedded" => """
            data: {format: text, train: {path: text.txt, length: 12, stride: 5}, validation: 0.2, test: 0.2}
            model: {layers: [{embedding: {vocabulary: 12, size: 6}}, {gru: {units: 10, returnSequences: true}}, {dense: {units: 12, timeDistributed: true}}]}
            """,
        _ => $$"""
            data:
              format: wav
              train: {folder: {{Tones()}}, label: '{label}_*.wav', melBands: 8}
              validation: 0.2
              test: 0.2
              preprocess: [standardize]
            model: {layers: [{gru: 4}, {dense: 2}]}
            """,
    } + """

        loss: softmaxCrossEntropy
        optimizer: {adam: {rate: 0.02}}
        clip: {globalNorm: 1.0}
        batch: 16
        slices: 5
        epochs: 2

        """ is var text && name == "wav" ? text.Replace("batch: 16", "batch: 3", StringComparison.Ordinal).Replace("slices: 5", "slices: 3", StringComparison.Ordinal) : text;

    private void Write(string name, TensorShape shape, float[] values)
    {
        using FileStream file = File.Create(_folder[name]);
        NpyWriter.Write(file, shape, values);
    }

    private static string Tones([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "DistBp.Learning.Tests", "Data", "Tones"));
}
