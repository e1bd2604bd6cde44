using DistBp.Cluster.Configuration;
using DistBp.Learning.Data.Augmentation;
using DistBp.Learning.Layers;

namespace DistBp.Cluster.Tests.Configuration;

/// <summary>Keys of regularization by layers, of augmentation and of fine-tuning.</summary>
public sealed class RegularizedJobTests
{
    private const string Full = """
        data:
          format: idx
          train: {x: x.gz, y: y.gz}
          augment: [{shift: 2}, flip, {flip: both}, {crop: 4}, {crop: {padding: 3, fill: reflect}}, {noise: 0.1}]
        model:
          layers:
            - layerNorm
            - layerNorm: {epsilon: 0.001, name: second}
            - dropout: 0.2
            - residual:
                - dense: 8
                - residual: {layers: [{dense: 8}, relu], name: inner}
                - dropout: {probability: 0.5, name: half}
            - residual: [tanh]
              name: last
            - dense: 3
        loss: softmaxCrossEntropy
        initialWeights: torch.safetensors
        rename: {"features.0.*": "dense1.*", "*.gamma": "*.weight"}
        rates: {dense1: 0.1, last: 2}
        """;

    [Fact]
    public void Every_key_arrives_where_it_belongs()
    {
        JobDescription job = JobText.Parse(Full);
        Assert.Equal(
            [
                new ShiftStep(2), new FlipStep(FlipDirection.Horizontal), new FlipStep(FlipDirection.Both), new CropStep(4),
                new CropStep(3, PictureFill.Reflect), new NoiseStep(0.1),
            ],
            job.Data.Augment);
        Assert.Equal(new LayerNormDescription(null), job.Model.Layers[0]);
        Assert.Equal(new LayerNormDescription("second", 0.001), job.Model.Layers[1]);
        Assert.Equal(new DropoutDescription(null, 0.2), job.Model.Layers[2]);
        var outer = Assert.IsType<ResidualDescription>(job.Model.Layers[3]);
        var inner = Assert.IsType<ResidualDescription>(outer.Layers[1]);
        Assert.Equal(("inner", 2), (inner.Name, inner.Layers.Count));
        Assert.Equal(new DropoutDescription("half", 0.5), outer.Layers[2]);
        Assert.Equal("last", job.Model.Layers[4].Name);
        Assert.Equal([new("features.0.*", "dense1.*"), new("*.gamma", "*.weight")], job.Rename);
        Assert.Equal([new("dense1", 0.1), new("last", 2)], job.Rates);
    }

    [Fact]
    public void Written_and_read_again_it_is_the_same_job()
    {
        JobDescription job = JobText.Parse(Full);
        string written = JobFile.Write(job);
        JobDescription again = JobText.Parse(written);
        Assert.Equal(written, JobFile.Write(again));
        Assert.Equal(job.Model, again.Model);
        Assert.Equal(job.Data.Augment, again.Data.Augment);
        Assert.Equal((job.Rename, job.Rates), (again.Rename, again.Rates));
    }

    [Fact]
    public void A_setting_reaches_into_a_residual()
    {
        JobDescription job = JobText.Parse(Full, "model.layers.3.residual.0.dense=16", "rates.dense1=0.5");
        Assert.Equal(new DenseDescription(null, 16), ((ResidualDescription)job.Model.Layers[3]).Layers[0]);
        Assert.Equal([new("last", 2), new("dense1", 0.5)], job.Rates);
    }

    [Theory]
    [InlineData("seed=1", true)]
    [InlineData("data.augment=[]", false)]
    [InlineData("rename={a: b}", false)]
    [InlineData("rates={dense1: 0.2}", false)]
    [InlineData("model.layers.2.dropout=0.3", false)]
    public void What_changes_the_bits_changes_the_hash(string setting, bool same) =>
        Assert.Equal(same, JobFile.Hash(JobText.Parse(Full)) == JobFile.Hash(JobText.Parse(Full, setting)));

    [Theory]
    [InlineData("model.layers=[dropout, {dense: 3}]", "the key \"probability\" is missing")]
    [InlineData("model.layers=[{dropout: 1}, {dense: 3}]", "expected a number of at least 0 and below 1, found \"1\"")]
    [InlineData("model.layers=[{layerNorm: {epsilon: 0}}]", "expected a number above 0, found \"0\"")]
    [InlineData("model.layers=[{residual: []}]", "expected a list of layers, found an empty list")]
    [InlineData("model.layers=[{residual: [{dens: 3}]}]", "unknown layer \"dens\"")]
    [InlineData("model.layers=[{dense: {units: 3, name: a}}, {residual: [{dense: {units: 3, name: a}}]}]", "two layers are called \"a\"")]
    [InlineData("data.augment=[{rotate: 2}]", "unknown augmentation step \"rotate\"")]
    [InlineData("data.augment=[{shift: 0}]", "expected a whole number from 1 to 65536, found \"0\"")]
    [InlineData("data.augment=[{flip: diagonal}]", "unknown direction \"diagonal\"")]
    [InlineData("data.augment=[{noise: -1}]", "expected a number above 0, found \"-1\"")]
    [InlineData("rates={dense1: 0}", "expected a number above 0 (a layer that is not to be trained goes into \"freeze\"), found \"0\"")]
    [InlineData("rates=[dense1]", "expected a map from layers' names to factors of the learning rate, found a list")]
    [InlineData("rename={\"a.*\": b}", "\"a.*: b\" does not have one * on both sides, or none")]
    [InlineData("initialWeights=null", "rename has no meaning without initialWeights")]
    public void What_is_wrong_is_said_key_by_key(string setting, string what) =>
        Assert.Contains(JobText.Problems(Full, setting), p => p.Contains($" | {what} | ", StringComparison.Ordinal));
}
