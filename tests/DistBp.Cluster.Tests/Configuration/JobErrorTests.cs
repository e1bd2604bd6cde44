using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class JobErrorTests
{
    [Fact]
    public void All_errors_of_a_file_are_told_at_once_in_the_order_of_its_lines()
    {
        string[] problems = JobText.Problems("""
            name: bad name
            data:
              format: cvs
              train: {path: iris.csv, label: species}
            model:
              layers:
                - dense: {unit: 8}
                - reul
                - dense: three
            optimizer: {adam: {rate: 0}}
            epochs: 0
            epochs: 1
            """.Replace("epochs: 1", "checkpoint: {keep: 1.5}", StringComparison.Ordinal));
        Assert.Equal(
            [
                "test.yaml:1:1 loss | the key \"loss\" is missing | for example: loss: softmaxCrossEntropy",
                "test.yaml:1:7 name | expected a name of at most 64 letters, digits, \".\", \"_\" and \"-\" that starts with a letter or digit,"
                    + " found \"bad name\" | for example: name: my-job",
                "test.yaml:3:11 data.format | unknown format \"cvs\" | did you mean \"csv\"?",
                "test.yaml:7:14 model.layers.0.dense.units | the key \"units\" is missing | for example: units: 10",
                "test.yaml:7:15 model.layers.0.dense.unit | unknown key \"unit\" | did you mean \"units\"?",
                "test.yaml:8:7 model.layers.1 | unknown layer \"reul\" | did you mean \"relu\"?",
                "test.yaml:9:14 model.layers.2.dense.units | expected a whole number from 1 to 16777216, found \"three\" | for example: units: 10",
                "test.yaml:10:26 optimizer.adam.rate | expected a number above 0, found \"0\" | for example: rate: 0.001",
                "test.yaml:11:9 epochs | expected a whole number from 1 to 1000000, found \"0\" | for example: epochs: 10",
                "test.yaml:12:20 checkpoint.keep | expected a whole number of at least 1, found \"1.5\" | for example: keep: 3",
            ],
            problems);
    }

    [Theory]
    [InlineData("optimzer: adam", "test.yaml:10:1 optimzer | unknown key \"optimzer\" | did you mean \"optimizer\"?")]
    [InlineData("Batch: 3", "test.yaml:10:1 Batch | unknown key \"Batch\" | did you mean \"batch\"?")]
    [InlineData("early: 3", "test.yaml:10:1 early | unknown key \"early\" | did you mean \"earlyStopping\"?")]
    [InlineData("checkpoint: {often: 3}", "test.yaml:10:14 checkpoint.often | unknown key \"often\" | known keys: everySteps, keep")]
    [InlineData("optimizer: {adm: {rate: 1}}", "test.yaml:10:13 optimizer | unknown optimizer \"adm\" | did you mean \"adam\"?")]
    [InlineData("optimizer: {ada: {rate: 1}}", "test.yaml:10:13 optimizer | unknown optimizer \"ada\" | did you mean \"adam\"?")]
    [InlineData("optimizer: {adam: {learningRate: 1}}", "test.yaml:10:20 optimizer.adam.learningRate | unknown key \"learningRate\" | did you mean \"rate\"?")]
    [InlineData("optimizer: lion", "test.yaml:10:12 optimizer | unknown optimizer \"lion\" | known words: sgd, adagrad, rmsprop, adam, adamw, lamb")]
    public void An_unknown_word_is_answered_with_the_nearest_or_with_all(string line, string problem) =>
        Assert.Equal([problem], JobText.Problems(JobText.MinimalAnd(line)));

    [Theory]
    [InlineData("batch: \"64\"", "test.yaml:10:8 batch | expected a whole number from 1 to 1048576, found \"64\" in quotes | for example: batch: 64")]
    [InlineData("batch: 99999999999", "test.yaml:10:8 batch | expected a whole number from 1 to 1048576, found \"99999999999\" | for example: batch: 64")]
    [InlineData("batch: [64]", "test.yaml:10:8 batch | expected a whole number from 1 to 1048576, found a list | for example: batch: 64")]
    [InlineData("batch:", "test.yaml:10:7 batch | the key \"batch\" has no value | for example: batch: 64")]
    [InlineData("clip: {globalNorm: .nan}", "test.yaml:10:20 clip.globalNorm | expected a number above 0, found \".nan\" | for example: globalNorm: 0.001")]
    [InlineData("clip: {globalNorm: NaN}", "test.yaml:10:20 clip.globalNorm | expected a number above 0, found \"NaN\" | for example: globalNorm: 0.001")]
    [InlineData("clip: {value: 1e999}", "test.yaml:10:15 clip.value | expected a number above 0, found \"1e999\" | for example: value: 0.001")]
    [InlineData("clip: 1", "test.yaml:10:7 clip | expected a map, found \"1\" | for example: clip: {globalNorm: 1.0}")]
    [InlineData("optimizer: {name: adam, rate: 1}", "test.yaml:10:12 optimizer | expected one optimizer, found \"name\" and \"rate\" | write one of these as the key: sgd, adagrad, rmsprop, adam, adamw")]
    [InlineData("freeze: dense1", "test.yaml:10:9 freeze | expected a list of layers' names, found \"dense1\" | for example: freeze: [my-job]")]
    [InlineData("partial: yes", "test.yaml:10:10 partial | expected true or false, found \"yes\" | for example: partial: true")]
    [InlineData("optimizer: {sgd: {momentum: 1}}", "test.yaml:10:29 optimizer.sgd.momentum | expected a number of at least 0 and below 1, found \"1\" | for example: momentum: 0.9")]
    [InlineData("optimizer: [adam]", "test.yaml:10:12 optimizer | expected an optimizer, found a list | for example: optimizer: sgd")]
    [InlineData("optimizer: {sgd: 1, adam: 1}", "test.yaml:10:12 optimizer | expected one optimizer, found \"sgd\" and \"adam\" | keep one of them")]
    [InlineData("slices: 1025", "test.yaml:10:9 slices | expected a whole number from 1 to 1024, found \"1025\" | for example: slices: 8")]
    [InlineData("schedule: step", "test.yaml:10:11 schedule.step.everyEpochs | the key \"everyEpochs\" is missing | for example: everyEpochs: 10")]
    public void A_value_of_the_wrong_type_or_out_of_range_says_what_was_expected(string line, string problem) =>
        Assert.Equal([problem], JobText.Problems(JobText.MinimalAnd(line)));

    [Theory]
    [InlineData("data.train=iris.csv", "expected files as {path: FILE, label: COLUMN}, found \"iris.csv\"")]
    [InlineData("data.train={path: iris.csv}", "the key \"label\" is missing")]
    [InlineData("data.train={x: iris.csv, label: 0}", "the key \"path\" is missing")]
    [InlineData("data.test=20", "expected a number above 0 and below 1, or files as {path: FILE, label: COLUMN}, found \"20\"")]
    [InlineData("data.shape=[1, 0]", "expected a whole number of at least 1, found \"0\"")]
    [InlineData("data.shape=[100000, 100000]", "a shape of more than 2147483647 elements")]
    [InlineData("data.preprocess=[{divide: 0}]", "expected a number other than 0, found \"0\"")]
    [InlineData("data.preprocess=[{oneHot: color}]", "expected a list of columns, found \"color\"")]
    [InlineData("data.preprocess=standardize", "expected a list of preprocessing steps, found \"standardize\"")]
    [InlineData("data.preprocess=[{impute: mode}]", "expected mean, median or a number, found \"mode\"")]
    [InlineData("model.layers=[]", "expected a list of layers, found an empty list")]
    [InlineData("model.layers=[{dense: -1}]", "expected a whole number from 1 to 16777216, found \"-1\"")]
    [InlineData("model.layers=[{relu: 3}]", "expected a map, found \"3\"")]
    [InlineData("model.layers=[{dense: {units: 3, name: a}, name: b}]", "the key \"name\" stands here twice")]
    [InlineData("model.layers=[{dense: 3, relu: {}}]", "expected one layer, found \"dense\" and \"relu\"")]
    [InlineData("data=digits", null)]
    [InlineData("data={format: digits, train: {path: a}}", "expected no \"train\", for the digits are embedded, found a map")]
    [InlineData("data={format: digits, test: {x: a, y: b}}", "expected a number above 0 and below 1, for the digits are one embedded set, found a map")]
    [InlineData("data={format: npy, train: {x: a}}", "the key \"y\" is missing")]
    [InlineData("data={format: npy, train: {x: a}, target: input, preprocess: [{selectTop: 3}]}",
        "selectTop compares features with the label, and target: input has none")]
    public void Data_and_layers_are_checked_key_by_key(string setting, string? what)
    {
        if (what is null) JobText.Parse(JobText.Minimal, setting);
        else Assert.Contains(JobText.Problems(JobText.Minimal, setting), p => p.Contains($" | {what} | ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("optimizer=lamb", "the optimizer \"lamb\" is not available in this version")]
    [InlineData("consistency={localSgd: {steps: 16}}", "the consistency \"localSgd\" is not available in this version")]
    public void What_later_versions_have_is_not_called_unknown(string setting, string what) =>
        Assert.Contains($" | {what} | ", Assert.Single(JobText.Problems(JobText.Minimal, setting)), StringComparison.Ordinal);

    [Theory]
    [InlineData("replication=3", " | expected a whole number from 0 to 2, found \"3\"")]
    [InlineData("replication=-1", " | expected a whole number from 0 to 2, found \"-1\"")]
    [InlineData("replication=two", " | expected a whole number from 0 to 2, found \"two\"")]
    public void The_number_of_copies_is_checked(string setting, string what) =>
        Assert.Contains(what, Assert.Single(JobText.Problems(JobText.Minimal, setting)), StringComparison.Ordinal);

    [Theory]
    [InlineData("{bsp: {backupWorkers: 1}}")]
    [InlineData("{ssp: {staleness: 2}}")]
    [InlineData("async")]
    public void Copies_are_kept_only_where_every_gradient_is_waited_for(string consistency)
    {
        string problem = Assert.Single(JobText.Problems(JobText.Minimal, $"consistency={consistency}", "replication=1"));
        Assert.Contains(
            " | copies of parameter shards are kept in step only where every gradient is waited for | use consistency: bsp without backupWorkers, or replication: 0",
            problem, StringComparison.Ordinal);
        Assert.Equal(0, JobText.Parse(JobText.Minimal, $"consistency={consistency}", "replication=0").Replication);
    }

    [Theory]
    [InlineData("wire.gradients=bf61", "unknown encoding \"bf61\"")]
    [InlineData("wire.gradients={topK: 0}", "expected a number above 0 and at most 1, found \"0\"")]
    [InlineData("wire.gradients={topK: 1.5}", "expected a number above 0 and at most 1, found \"1.5\"")]
    [InlineData("wire.gradients={int8: 0.1}", "expected a map, found \"0.1\"")]
    [InlineData("wire.parameters=int8", "unknown encoding \"int8\"")]
    [InlineData("wire.both=f16", "unknown key \"both\"")]
    public void Encodings_of_the_wire_are_checked(string setting, string what) =>
        Assert.Contains($" | {what} | ", Assert.Single(JobText.Problems(JobText.Minimal, setting)), StringComparison.Ordinal);

    [Theory]
    [InlineData("slices: 65", "test.yaml:10:9 slices | 65 slices of a mini-batch of 64 samples | use at most 64 slices, or a larger batch")]
    [InlineData("earlyStopping: {}", "test.yaml:10:16 earlyStopping.metric | validationLoss needs validation data | add data.validation, for example 0.1, or use trainLoss")]
    [InlineData("optimizer: {sgd: {nesterov: true}}", "test.yaml:10:29 optimizer.sgd.nesterov | nesterov needs momentum | add momentum, for example 0.9")]
    [InlineData("partial: true", "test.yaml:10:10 partial | partial has no meaning without initialWeights | name the file of weights, or delete it")]
    [InlineData("schedule: {plateau: {minRate: 1}}", "test.yaml:10:31 schedule.plateau.minRate | minRate 1 is above the optimizer's rate 0.001 | make it smaller")]
    public void Keys_that_contradict_each_other_are_told_where_they_stand(string line, string problem) =>
        Assert.Equal([problem], JobText.Problems(JobText.MinimalAnd(line)));

    [Theory]
    [InlineData("test 0.6 and validation 0.4 leave nothing to train on", "data.test=0.6", "data.validation=0.4")]
    [InlineData("trainAccuracy needs classes, and this job has none", "loss=huber", "earlyStopping.metric=trainAccuracy")]
    [InlineData("oneHot is for the columns of a CSV file", "data=digits", "data.preprocess=[{oneHot: [a]}]")]
    [InlineData("softmaxCrossEntropy needs classes, and target: input has none", "data.target=input")]
    [InlineData("the loss applies softmax itself", "model.layers.2=softmax")]
    [InlineData("the loss applies sigmoid itself", "model.layers.2=sigmoid", "loss=binaryCrossEntropy")]
    [InlineData("two layers are called \"a\"", "model.layers.0.dense={units: 3, name: a}", "model.layers.1.relu.name=a")]
    public void Settings_that_contradict_each_other_are_refused(string what, params string[] settings) =>
        Assert.Contains($" | {what} | ", Assert.Single(JobText.Problems(JobText.Minimal, settings)), StringComparison.Ordinal);

    [Theory]
    [InlineData("a: 1\na: 2", "test.yaml:2:1 | the key \"a\" stands here twice | keep one; the first is at test.yaml:1:1")]
    [InlineData("", "test.yaml:1:1 | the file is empty | a job needs at least data, model and loss")]
    [InlineData("# nothing\n", "test.yaml:2:1 | the file is empty | a job needs at least data, model and loss")]
    [InlineData("[a]", "test.yaml:1:1 | expected a map, found a list | for example: {KEY: VALUE}")]
    [InlineData("name: a\ndata:\n\tformat: csv", "test.yaml:3:1 | a tab stands in the indentation | indent with spaces")]
    [InlineData("name: a: b", "test.yaml:1:8 | a second \":\" on one line, or a value under a finished line |"
        + " start a new line, or put texts that hold : # @ ` * & ! % or quotes in quotes")]
    [InlineData("freeze: [a\nbatch: 2", "test.yaml:1:9 | a list [ ] or map { } is not closed | separate items by commas and close the bracket")]
    [InlineData("a: \"\\q\"", "test.yaml:1:4 | \"\\\" with this letter has no meaning | write \\\\ for \\, or use single quotes")]
    [InlineData("clip: {value: 1", "test.yaml:2:1 | a list [ ] or map { } is not closed | separate items by commas and close the bracket")]
    [InlineData("name: @a", "test.yaml:1:7 | this character cannot start a value | put texts that hold : # @ ` * & ! % or quotes in quotes")]
    [InlineData("name: *a", "test.yaml:1:7 | an alias (*) refers to an anchor (&) that does not exist |"
        + " define the anchor above, or put texts that hold : # @ ` * & ! % or quotes in quotes")]
    [InlineData("name: !!str a", "test.yaml:1:7 | \"!\" makes a tag, which has no meaning here | put a text that starts with ! in quotes")]
    [InlineData("name: a\n---\nname: b", "test.yaml:2:1 | there is a second document (after \"---\") | one file holds one document: delete the rest")]
    [InlineData("name: \"a", "test.yaml:1:7 | a quote is not closed | close it")]
    [InlineData("name: a\n batch: 1", "test.yaml:2:7 | a second \":\" on one line, or a value under a finished line |"
        + " start a new line, or put texts that hold : # @ ` * & ! % or quotes in quotes")]
    [InlineData("a\0b", "test.yaml:1:1 | the text holds control characters, as binary files do | is this the right file?")]
    public void Bad_yaml_is_told_in_our_words(string text, string problem) => Assert.Equal([problem], JobText.Problems(text));

    [Fact]
    public void Aliases_cannot_stand_for_billions()
    {
        string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 20).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.Contains("the aliases (*) stand for more than 10000 values", Assert.Single(JobText.Problems(bomb)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_repeats_a_value() =>
        Assert.Equal(64, JobText.Parse(JobText.MinimalAnd("batch: &n 64\nslices: 1\ncheckpoint: {everySteps: *n}")).Checkpoint.EverySteps);

    [Fact]
    public void Nesting_is_bounded() =>
        Assert.Contains("nested too deeply", Assert.Single(JobText.Problems(new string('[', 2000))), StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_a_folder_and_a_binary_file_are_told_apart()
    {
        string folder = Directory.CreateTempSubdirectory("distbp-job-").FullName;
        try
        {
            string binary = Path.Combine(folder, "b.yaml");
            File.WriteAllBytes(binary, [0xFF, 0xFE, 0x00, 0x80]);
            string missing = Path.Combine(folder, "no.yaml");
            Assert.Equal(new Problem("there is no such file", missing, "check the path"), Only(() => JobFile.Read(missing, [])));
            Assert.Equal(new Problem("this is a folder, not a file", folder, "name the file in it"), Only(() => JobFile.Read(folder, [])));
            Assert.Equal(new Problem("the file is not text in UTF-8", binary, "is this the right file?"), Only(() => JobFile.Read(binary, [])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Problem Only(Action action) => Assert.Single(Assert.Throws<UserException>(action).Problems);
}
