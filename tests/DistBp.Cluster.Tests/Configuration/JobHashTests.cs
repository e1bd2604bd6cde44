using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class JobHashTests
{
    [Fact]
    public void The_hash_of_a_job_stays_the_same_from_version_to_version()
    {
        string hash = JobFile.Hash(JobText.Parse(JobText.Minimal));
        Assert.Equal(64, hash.Length);
        Assert.Equal("95ad44bce61f3f5b4f874da4b64fc7a2", hash[..32]);
    }

    [Theory]
    [InlineData("name=other")]
    [InlineData("epochs=11")]
    [InlineData("checkpoint.everySteps=7")]
    [InlineData("checkpoint.keep=7")]
    [InlineData("data.train.path=elsewhere/iris.csv")]
    [InlineData("optimizer={adam: {rate: 0.001}}")]
    [InlineData("slices=2")]
    [InlineData("replication=2")]
    public void What_changes_no_bit_of_a_step_changes_no_hash(string setting) =>
        Assert.Equal(JobFile.Hash(JobText.Parse(JobText.Minimal)), JobFile.Hash(JobText.Parse(JobText.Minimal, setting)));

    [Theory]
    [InlineData("seed=2")]
    [InlineData("data.train.path=other.csv")]
    [InlineData("data.train.label=0")]
    [InlineData("data.test=0.2")]
    [InlineData("data.preprocess=[standardize]")]
    [InlineData("model.layers.0.dense=9")]
    [InlineData("model.layers.0.dense={units: 8, name: first}")]
    [InlineData("model.initialization=zeros")]
    [InlineData("loss=huber")]
    [InlineData("optimizer.adam.rate=0.002")]
    [InlineData("schedule={exponential: 0.9}")]
    [InlineData("clip.globalNorm=1")]
    [InlineData("regularization.l2=0.1")]
    [InlineData("batch=32")]
    [InlineData("slices=4")]
    [InlineData("freeze=[dense1]")]
    [InlineData("wire.gradients=bf16")]
    [InlineData("wire.gradients={topK: 0.02}")]
    [InlineData("wire.parameters=f16")]
    [InlineData("initialWeights=w.safetensors")]
    [InlineData("earlyStopping.metric=trainLoss")]
    public void Whatever_decides_the_bits_changes_the_hash(string setting) =>
        Assert.NotEqual(JobFile.Hash(JobText.Parse(JobText.Minimal)), JobFile.Hash(JobText.Parse(JobText.Minimal, setting)));

    [Fact]
    public void Patience_may_change_and_the_metric_may_not()
    {
        string Hash(params string[] settings) => JobFile.Hash(JobText.Parse(JobText.MinimalAnd("earlyStopping: {metric: trainLoss}"), settings));
        Assert.Equal(Hash(), Hash("earlyStopping.patience=9"));
        Assert.NotEqual(Hash(), Hash("earlyStopping.metric=trainAccuracy"));
    }

    [Fact]
    public void With_the_cosine_schedule_the_epochs_decide_the_rates() =>
        Assert.NotEqual(
            JobFile.Hash(JobText.Parse(JobText.Minimal, "schedule=cosine")), JobFile.Hash(JobText.Parse(JobText.Minimal, "schedule=cosine", "epochs=11")));
}
