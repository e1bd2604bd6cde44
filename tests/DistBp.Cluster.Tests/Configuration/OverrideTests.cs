using DistBp.Cluster.Configuration;
using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class OverrideTests
{
    [Fact]
    public void A_setting_goes_over_the_files()
    {
        JobDescription job = JobText.Parse(JobText.MinimalAnd("optimizer: {adam: {rate: 0.1, beta1: 0.5}}\nclip: {value: 1}"),
            "optimizer.adam.rate=0.01", "clip={globalNorm: 2}", "name=other", "batch=32", "batch=16");
        Assert.Equal(new AdamDescription(0.01, 0.5), job.Optimizer);
        Assert.Equal(new ClipDescription(GlobalNorm: 2), job.Clip);
        Assert.Equal(("other", 16), (job.Name, job.Batch));
    }

    [Theory]
    [InlineData("optimizer: {sgd: {rate: 0.1}}")]
    [InlineData("optimizer: sgd")]
    [InlineData("optimizer: adam")]
    [InlineData("name: x")]
    public void Setting_a_value_of_another_optimizer_takes_that_optimizer(string line) =>
        Assert.Equal(new AdamDescription(0.5), JobText.Parse(JobText.MinimalAnd(line), "optimizer.adam.rate=0.5").Optimizer);

    [Fact]
    public void The_last_of_two_choices_wins() =>
        Assert.Equal(new SgdDescription(0.25), JobText.Parse(JobText.Minimal, "optimizer.adam.rate=0.5", "optimizer.sgd.rate=0.25").Optimizer);

    [Fact]
    public void A_value_written_short_stays_when_a_key_is_set_beside_it() =>
        Assert.Equal(new AdamDescription(0.25, 0.5), JobText.Parse(JobText.MinimalAnd("optimizer: {adam: 0.25}"), "optimizer.adam.beta1=0.5").Optimizer);

    [Fact]
    public void A_value_written_short_gives_way_when_it_is_set_by_its_name() =>
        Assert.Equal(new LossDescription(LossKind.Huber, 2), JobText.Parse(JobText.Minimal, "loss={huber: 1}", "loss.huber.delta=2").Loss);

    [Fact]
    public void An_item_of_a_list_is_set_by_its_number()
    {
        JobDescription job = JobText.Parse(JobText.Minimal, "model.layers.0.dense=64", "model.layers.1=tanh", "model.layers.2.dense.name=head");
        Assert.Equal(
            [new DenseDescription(null, 64), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription("head", 3)],
            job.Model.Layers);
    }

    [Fact]
    public void Null_goes_back_to_the_default()
    {
        JobDescription job = JobText.Parse(JobText.MinimalAnd("batch: 3\nearlyStopping: {metric: trainLoss}"), "batch=null", "earlyStopping=null");
        Assert.Equal(64, job.Batch);
        Assert.Null(job.EarlyStopping);
    }

    [Fact]
    public void Files_take_the_place_of_a_fraction() =>
        Assert.Equal(new CsvFile("t.csv", "species", null), JobText.Parse(JobText.Minimal, "data.test=0.2", "data.test.path=t.csv").Data.Test);

    [Theory]
    [InlineData("batch", "--set batch | a setting is not KEY=VALUE | write it as --set optimizer.adam.rate=0.01")]
    [InlineData("=3", "--set =3 | a setting is not KEY=VALUE | write it as --set optimizer.adam.rate=0.01")]
    [InlineData("a..b=3", "--set a..b=3 | a setting is not KEY=VALUE | write it as --set optimizer.adam.rate=0.01")]
    [InlineData("batch=", "--set batch= | the key \"batch\" has no value | for example: batch: 64")]
    [InlineData("batch=many", "--set batch=many | expected a whole number from 1 to 1048576, found \"many\" | for example: batch: 64")]
    [InlineData("optimzer.adam.rate=1", "--set optimzer.adam.rate=1 | unknown key \"optimzer\" | did you mean \"optimizer\"?")]
    [InlineData("optimizer.adam.rat=1", "--set optimizer.adam.rat=1 | unknown key \"rat\" | did you mean \"rate\"?")]
    [InlineData("optimizer={adam: {rat: 1}}", "--set optimizer={adam: {rat: 1}} optimizer.adam.rat | unknown key \"rat\" | did you mean \"rate\"?")]
    [InlineData("clip={value: 1", "--set clip={value: 1 | a list [ ] or map { } is not closed | separate items by commas and close the bracket")]
    [InlineData("model.layers.3=relu", "--set model.layers.3=relu | \"3\" is not an item of the list, which has the items 0 to 2 |"
        + " count the items from 0, or set the whole list: --set KEY=[…]")]
    [InlineData("model.layers.first=relu", "--set model.layers.first=relu | \"first\" is not an item of the list, which has the items 0 to 2 |"
        + " count the items from 0, or set the whole list: --set KEY=[…]")]
    public void What_is_wrong_with_a_setting_names_the_setting(string setting, string problem) =>
        Assert.Equal([problem], JobText.Problems(JobText.Minimal, setting));

    [Fact]
    public void Errors_of_the_file_come_before_those_of_settings() =>
        Assert.Equal(
            ["test.yaml:10:9", "--set batch=0"],
            JobText.Problems(JobText.MinimalAnd("epochs: 0"), "batch=0").Select(p => p.Split(" | ")[0].Replace(" epochs", "", StringComparison.Ordinal)));
}
