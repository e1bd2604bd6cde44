using System.Diagnostics;

namespace DistBp.Cli.Tests;

public sealed class DataErrorTests : IDisposable
{
    private static readonly byte[] IdxImages = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly byte[] IdxLabels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_data_file_that_does_not_exist_is_named()
    {
        string job = SampleJobs.WriteIris(_folder);
        File.Delete(_folder.File("iris.csv"));
        CommandRun.Run(_folder, "train", job).ShouldFail(3, "iris.csv");
    }

    [Fact]
    public void A_token_that_is_not_in_the_vocabulary_is_told_with_its_line()
    {
        string job = SampleJobs.WriteTokens(_folder);
        CommandRun.Run(_folder, "train", job, "--set", "model.layers.0.embedding.vocabulary=39").ShouldFail(
            3, "tokens.csv:", "is 39, which is not in the vocabulary of layer 'embedding1' (39 tokens)");
    }

    [Fact]
    public void Slices_of_one_sample_are_refused_for_batch_normalization() =>
        CommandRun.Run(_folder, "train", SampleJobs.WriteTokens(_folder), "--set", "slices=9").ShouldFail(2, "batchNorm1", "at most 8 slices");

    [Fact]
    public void A_csv_row_with_too_few_fields_is_told_with_its_line() => FailWithRow("1,2,3", "iris.csv:4", "3 fields");

    [Fact]
    public void A_word_where_a_number_should_be_is_told_with_line_and_column() =>
        FailWithRow("1,2,three,4,setosa", "iris.csv:4", "three", "c");

    [Fact]
    public void NaN_in_the_data_is_told_with_line_and_column() => FailWithRow("1,NaN,3,4,setosa", "iris.csv:4", "b");

    [Fact]
    public void A_label_that_is_not_a_column_suggests_the_nearest()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandRun.Run(_folder, "train", job, "--set", "data.train.label=spices").ShouldFail(3, "spices", "species");
    }

    [Fact]
    public void An_idx_file_that_ends_early_is_told() => FailWithTensors(IdxImages[..^3], IdxLabels, "images.idx");

    [Fact]
    public void A_file_that_is_not_idx_is_told() => FailWithTensors("not a tensor at all"u8.ToArray(), IdxLabels, "images.idx");

    [Fact]
    public void Images_and_labels_of_different_counts_are_told() => FailWithTensors(IdxImages, [0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 0], "2", "3");

    [Fact]
    public void A_label_out_of_range_in_the_test_part_is_told()
    {
        string job = WriteTensorJob(IdxImages, IdxLabels, "test: {x: images.idx, y: other.idx}");
        _folder.Write("other.idx", [0, 0, 8, 1, 0, 0, 0, 2, 0, 9]);
        CommandRun.Run(_folder, "train", job).ShouldFail(3, "other.idx", "9");
    }

    [Fact]
    public void A_column_name_over_two_lines_stays_on_one_line_of_the_message()
    {
        _folder.Write("data.csv", "\"long\nname\",y\nword,0\nword,1\n");
        string job = _folder.Write("job.yaml", """
            data: {format: csv, train: {path: data.csv, label: y}}
            model: {layers: [{dense: 2}]}
            loss: softmaxCrossEntropy
            """);
        CommandOutcome outcome = CommandRun.Run(_folder, "train", job);
        outcome.ShouldFail(3, "data.csv:3", "long·name");
        Assert.Equal(2, outcome.Error.TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public void A_pipe_is_refused_as_data()
    {
        string job = SampleJobs.WriteIris(_folder);
        using Process make = Process.Start("mkfifo", [_folder.File("pipe.csv")]);
        make.WaitForExit();
        using Process writer = Process.Start("sh", ["-c", $"printf 'a,b' > {_folder.File("pipe.csv")}"]);
        try
        {
            CommandRun.Run(_folder, "train", job, "--set", "data.train.path=pipe.csv").ShouldFail(3, "pipe.csv", "to a file first");
        }
        finally
        {
            if (!writer.HasExited) writer.Kill();
        }
    }

    private void FailWithRow(string row, params string[] words)
    {
        string job = SampleJobs.WriteIris(_folder);
        string[] lines = File.ReadAllLines(_folder.File("iris.csv"));
        lines[3] = row;
        File.WriteAllLines(_folder.File("iris.csv"), lines);
        CommandRun.Run(_folder, "train", job).ShouldFail(3, words);
    }

    private void FailWithTensors(byte[] images, byte[] labels, params string[] words) =>
        CommandRun.Run(_folder, "train", WriteTensorJob(images, labels, "")).ShouldFail(3, words);

    private string WriteTensorJob(byte[] images, byte[] labels, string test)
    {
        _folder.Write("images.idx", images);
        _folder.Write("labels.idx", labels);
        return _folder.Write("images.yaml", $$$"""
            data:
              format: idx
              train: {x: images.idx, y: labels.idx}
              {{{test}}}
            model: {layers: [{dense: 2}]}
            loss: softmaxCrossEntropy
            optimizer: {sgd: {rate: 0.1}}
            batch: 2
            epochs: 1
            """);
    }
}
