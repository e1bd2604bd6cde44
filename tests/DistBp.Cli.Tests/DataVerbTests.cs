using System.Text;
using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class DataVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Converted_data_train_evaluate_and_predict_as_the_files_that_they_are_from()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandOutcome converted = CommandRun.Succeed(_folder, "data", "convert", job, "--output", "shards", "--shard-samples", "20");
        Assert.Contains("90 of [4]", converted.Output, StringComparison.Ordinal);
        Assert.Contains("distbp train shards/job.yaml", converted.Error, StringComparison.Ordinal);
        CommandRun.Succeed(_folder, "train", job, "--out", "from-csv", "--quiet");
        CommandRun.Succeed(_folder, "train", "shards/job.yaml", "--out", "from-shards", "--workers", "3", "--quiet");
        Assert.Equal(Result("from-csv").GetProperty("weightsSha256").GetString(), Result("from-shards").GetProperty("weightsSha256").GetString());
        Assert.Equal(
            CommandRun.Succeed(_folder, "evaluate", "from-csv", "--json").Output, CommandRun.Succeed(_folder, "evaluate", "from-shards", "--json").Output);
        CommandRun.Succeed(_folder, "evaluate", "from-shards", "--data", "train");
        CommandRun.Succeed(_folder, "train", "shards/job.yaml", "--set", "data.shuffleWindow=25", "--out", "windows", "--quiet");
        CommandRun.Succeed(_folder, "audit", "windows");
        _folder.Write("new.csv", SampleJobs.IrisText(withLabel: false));
        Assert.Equal(
            CommandRun.Succeed(_folder, "predict", "from-csv", "--input", "new.csv", "--output", "-").Output,
            CommandRun.Succeed(_folder, "predict", "from-shards", "--input", "new.csv", "--output", "-").Output);
    }

    [Fact]
    public void A_shard_of_another_content_and_a_missing_one_are_told_with_exit_code_3()
    {
        CommandRun.Succeed(_folder, "data", "convert", "--output", "shards", "--shard-samples", "300");
        string[] files = [.. Directory.GetFiles(_folder.File("shards/train"), "x-*.npy").Order(StringComparer.Ordinal)];
        Assert.Contains("intact", CommandRun.Succeed(_folder, "data", "inspect", "shards", "--verify").Output, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(files[1]);
        bytes[^1] ^= 4;
        File.WriteAllBytes(files[1], bytes);
        CommandRun.Run(_folder, "train", "shards/job.yaml").ShouldFail(3, "x-00001.npy", "SHA-256");
        CommandOutcome inspected = CommandRun.Run(_folder, "data", "inspect", "shards/train", "--verify");
        Assert.Equal(3, inspected.ExitCode);
        Assert.Contains("DAMAGED: 1 file", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("x-00001.npy", inspected.Error, StringComparison.Ordinal);
        File.Delete(files[2]);
        CommandRun.Run(_folder, "train", "shards/job.yaml").ShouldFail(3, "x-00002.npy", "The file is missing");
    }

    [Fact]
    public void A_verb_without_its_second_word_says_what_there_is()
    {
        CommandRun.Run(_folder, "data").ShouldFail(2, "distbp data: say what to do: convert, inspect");
        CommandRun.Run(_folder, "data", "convret").ShouldFail(2, "distbp data: unknown verb \"convret\"", "did you mean convert?");
        CommandRun.Run(_folder, "data", "inspect", "--verfy").ShouldFail(2, "distbp data inspect: unknown flag", "--verify");
        CommandRun.Run(_folder, "data", "convert").ShouldFail(2, "--output is missing");
        CommandRun.Run(_folder, "data", "inspect", "nowhere").ShouldFail(3, "There is no such folder", "nowhere");
    }

    [Fact]
    public void Memory_stays_far_below_the_data_that_are_trained_on()
    {
        const int samples = 1 << 18, width = 1024;
        WriteLarge(samples, width);
        _folder.Write("large.yaml", """
            data: {format: npy, train: {x: x.npy, y: y.npy}, preprocess: [{divide: 255}]}
            model: {layers: [{dense: 10}]}
            loss: softmaxCrossEntropy
            batch: 1024
            epochs: 1
            """);
        CommandRun.Succeed(_folder, "data", "convert", "large.yaml", "--output", "shards", "--shard-samples", "8192");
        CommandRun.Succeed(_folder, "train", "shards/job.yaml", "--set", "data.shuffleWindow=8192", "--out", "run", "--quiet");
        long peak = Result("run").GetProperty("peakMemoryBytes").GetInt64(), data = (long)samples * width;
        Assert.True(peak < data * 5 / 8, $"{peak:N0} bytes of memory for {data:N0} bytes of data, {data * 4:N0} as floats");
    }

    private JsonElement Result(string run) => JsonDocument.Parse(File.ReadAllText(_folder.File($"{run}/result.json"))).RootElement;

    /// <summary>Bytes that differ, and labels of ten classes.</summary>
    private void WriteLarge(int samples, int width)
    {
        using (FileStream file = File.Create(_folder.File("x.npy")))
        {
            file.Write(Header($"({samples}, {width})"));
            var block = new byte[1 << 20];
            new Random(20261121).NextBytes(block);
            for (long written = 0; written < (long)samples * width; written += block.Length) file.Write(block);
        }
        File.WriteAllBytes(_folder.File("y.npy"), [.. Header($"({samples},)"), .. Enumerable.Range(0, samples).Select(i => (byte)(i % 10))]);

        static byte[] Header(string shape)
        {
            string text = $"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
            return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text)];
        }
    }
}
