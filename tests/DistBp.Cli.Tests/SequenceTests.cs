using System.Runtime.CompilerServices;

namespace DistBp.Cli.Tests;

/// <summary>Sounds and texts, from the command line.</summary>
public sealed class SequenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_network_that_hears_has_the_same_bits_without_AVX2_and_names_the_files_that_it_hears()
    {
        _folder.Write("wav.yaml", $$"""
            data: {format: wav, train: {folder: {{Tones()}}, label: '{label}_*.wav', melBands: 8}, preprocess: [standardize]}
            model: {layers: [{gru: 4}, {dense: 2}]}
            loss: softmaxCrossEntropy
            batch: 3
            epochs: 3
            """);
        CommandRun.Succeed(_folder, "train", "wav.yaml", "--out", "wide");
        CommandRun.SucceedWith("DOTNET_EnableAVX2", "0", _folder, "train", "wav.yaml", "--out", "narrow");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
        string[] lines = CommandRun.Succeed(_folder, "predict", "wide", "--input", Tones(), "--output", "-").Output.TrimEnd().Split('\n');
        Assert.Equal("file,class,high,low", lines[0]);
        Assert.Equal(7, lines.Length);
        Assert.StartsWith(Path.Combine(Tones(), "high_1.wav") + ",", lines[1], StringComparison.Ordinal);
        CommandOutcome wrong = CommandRun.Run(_folder, "predict", "wide", "--generate", "3");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("only a network that was trained on a text", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_is_learned_shown_with_its_perplexity_and_gone_on_with()
    {
        _folder.Write("a.txt", string.Concat(Enumerable.Repeat("abc\n", 60)));
        _folder.Write("text.yaml", """
            data: {format: text, train: {path: a.txt, length: 8}, validation: 0.2}
            model: {layers: [{rnn: {units: 8, returnSequences: true}}, {dense: {units: 5, timeDistributed: true}}]}
            loss: softmaxCrossEntropy
            optimizer: {adam: {rate: 0.05}}
            batch: 8
            epochs: 20
            """);
        Assert.Contains("validation perplexity ", CommandRun.Succeed(_folder, "train", "text.yaml", "--out", "run").Error, StringComparison.Ordinal);
        Assert.Contains("perplexity", CommandRun.Succeed(_folder, "evaluate", "run").Output, StringComparison.Ordinal);
        Assert.Contains("\"perplexity\": 1.", CommandRun.Succeed(_folder, "evaluate", "run", "--json").Output, StringComparison.Ordinal);
        Assert.Equal("abc\nabc\na", CommandRun.Succeed(_folder, "predict", "run", "--generate", "7", "--temperature", "0", "--prompt", "ab").Output);
        string first = Write("--temperature", "3", "--seed", "4"), again = Write("--temperature", "3", "--seed", "4"), other = Write("--temperature", "3", "--seed", "5");
        Assert.Equal(40, first.Length);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        CommandRun.Succeed(_folder, "predict", "run", "--generate", "9", "--output", "out.txt");
        Assert.Equal(9, File.ReadAllText(_folder.File("out.txt")).Length);

        string Write(params string[] flags) => CommandRun.Succeed(_folder, ["predict", "run", "--generate", "40", .. flags]).Output;
    }

    [Theory]
    [InlineData("--input is missing", "predict", "run")]
    [InlineData("--output is missing", "predict", "run", "--input", "a.csv")]
    [InlineData("--generate takes no --input", "predict", "run", "--input", "a.csv", "--generate", "3")]
    [InlineData("go with --generate", "predict", "run", "--input", "a.csv", "--output", "-", "--seed", "3")]
    [InlineData("--lengths goes with --input", "predict", "run", "--generate", "3", "--lengths", "l.txt")]
    [InlineData("--temperature takes a number from 0 to 100, not \"-1\"", "predict", "run", "--generate", "3", "--temperature", "-1")]
    [InlineData("--temperature takes a number from 0 to 100, not \"NaN\"", "predict", "run", "--generate", "3", "--temperature", "NaN")]
    [InlineData("--generate takes a whole number from 1 to 10000000, not \"0\"", "predict", "run", "--generate", "0")]
    [InlineData("--seed takes a whole number", "predict", "run", "--generate", "3", "--seed", "x")]
    public void Flags_that_do_not_go_together_are_refused(string expected, params string[] arguments)
    {
        CommandOutcome outcome = CommandRun.Run(_folder, arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    private static string Tones([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "DistBp.Learning.Tests", "Data", "Tones"));
}
