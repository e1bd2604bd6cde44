using DistBp.Cluster.Configuration;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class ShardJobFileTests
{
    private const string Job = """
        data:
          format: shards
          train: {path: shards/train}
          test: {path: shards/test}
          preprocess: [{divide: 255}, standardize]
        model: {layers: [{dense: 3}]}
        loss: softmaxCrossEntropy
        """;

    [Fact]
    public void A_job_over_shards_is_read_written_and_read_again()
    {
        JobDescription job = JobText.Parse(Job, "data.shuffleWindow=5000");
        Assert.Equal((new ShardFolder("shards/train"), new ShardFolder("shards/test"), null), (job.Data.Train, job.Data.Test, job.Data.Validation));
        Assert.Equal(5000, job.Data.ShuffleWindow);
        string text = JobFile.Write(job);
        Assert.Contains("shuffleWindow: 5000", text, StringComparison.Ordinal);
        JobDescription again = JobText.Parse(text);
        Assert.Equal(new ShardFolder(Path.GetFullPath("jobs/shards/train")), again.Data.Train);
        Assert.Equal(JobFile.Hash(job), JobFile.Hash(again));
        Assert.NotEqual(JobFile.Hash(job), JobFile.Hash(JobText.Parse(Job)));
    }

    [Fact]
    public void The_window_has_a_default_and_stands_in_no_other_job()
    {
        Assert.Equal(65536, JobText.Parse(Job).Data.ShuffleWindow);
        Assert.DoesNotContain("shuffleWindow", JobFile.Write(JobText.Parse(JobText.Minimal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data.test=0.1", "expected files as {path: DIR}, found \"0.1\"")]
    [InlineData("data.shuffleWindow=0", "expected a whole number of at least 1, found \"0\"")]
    [InlineData("data.train={x: a, y: b}", "the key \"path\" is missing")]
    [InlineData("data.preprocess=[{impute: mean}]", "impute needs all samples in memory, and shards are read a piece at a time | delete it, and let `distbp data convert` do it")]
    [InlineData("data.preprocess=[{selectTop: 3}]", "selectTop needs all samples in memory")]
    public void What_shards_cannot_do_is_told(string setting, string problem) =>
        Assert.Contains(JobText.Problems(Job, setting), p => p.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void A_window_over_data_in_memory_is_refused() =>
        Assert.Contains("\"shuffleWindow\" is for format: shards", Assert.Single(JobText.Problems(JobText.Minimal, "data.shuffleWindow=5")), StringComparison.Ordinal);
}
