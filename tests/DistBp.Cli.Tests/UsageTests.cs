namespace DistBp.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("trian", "unknown verb \"trian\", did you mean train?; try distbp --help")]
    [InlineData("", "say what to do: train, find-rate, tune, evaluate")]
    [InlineData("train --workrs 2", "unknown flag \"--workrs\", did you mean --workers?; try distbp train --help")]
    [InlineData("train --workrs=2", "unknown flag \"--workrs\", did you mean --workers?")]
    [InlineData("train job.yaml -x", "unknown flag \"-x\"; try distbp train --help")]
    [InlineData("train a b", "unexpected \"b\"")]
    [InlineData("train --workers", "--workers needs a value")]
    [InlineData("train --workers two", "--workers takes a whole number from 1 to 1024, not \"two\"")]
    [InlineData("train --servers 0", "--servers takes a whole number from 1 to 1024, not \"0\"")]
    [InlineData("train --resume", "--resume needs --out")]
    [InlineData("train --detach", "--detach needs --cluster")]
    [InlineData("train --cluster nowhere", "--cluster takes an address (HOST:PORT, as 127.0.0.1:5600), not \"nowhere\"")]
    [InlineData("train --cluster a:1 --processes 2", "choose one")]
    [InlineData("train --cluster a:1 --workers 2", "a cluster's nodes bring their own")]
    [InlineData("train --cluster a:1 --resume --out x", "--resume is for a run on this machine")]
    [InlineData("train --cluster a:1 --detach --out x", "--detach and --out do not go together")]
    [InlineData("train --cluster a:1 --detach --events -", "--detach and --events do not go together")]
    [InlineData("train --processes 2 --servers 2", "each of --processes has one of each")]
    [InlineData("train --processes 65", "--processes takes a whole number from 1 to 64, not \"65\"")]
    [InlineData("status", "--cluster is missing")]
    [InlineData("cancel --cluster a:1", "JOBID is missing")]
    [InlineData("node --roles worker,boss", "--roles takes worker, server and coordinator, with commas between them, not \"worker,boss\"")]
    [InlineData("node --listen 5600", "--listen takes an address")]
    [InlineData("evaluate", "RUN is missing")]
    [InlineData("evaluate r --data tests", "--data takes train or validation or test, not \"tests\"")]
    [InlineData("predict r --input x.csv", "--output is missing")]
    [InlineData("export r --format npz --output x", "--format takes safetensors or npy or onnx, not \"npz\"")]
    [InlineData("completion tcsh", "completion is for bash, zsh, fish, not \"tcsh\"")]
    public void Wrong_usage_is_told_in_one_line_that_names_the_page(string line, string words)
    {
        CommandOutcome outcome = CommandRun.Run(_folder, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        outcome.ShouldFail(2, words, "; try distbp ");
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Onnx_is_told_to_be_missing_in_this_version() =>
        CommandRun.Run(_folder, "export", "r", "--format", "onnx", "--output", "x").ShouldFail(
            2, "not available in this version", "safetensors or npy");

    [Theory]
    [InlineData("evaluate nowhere")]
    [InlineData("predict nowhere --input x --output -")]
    [InlineData("inspect nowhere")]
    [InlineData("export nowhere --format npy --output x")]
    [InlineData("train --resume --out nowhere")]
    public void A_run_that_does_not_exist_is_named(string line) =>
        CommandRun.Run(_folder, line.Split(' ')).ShouldFail(2, "nowhere", "no such");

    [Fact]
    public void A_parameter_file_without_its_job_is_refused()
    {
        _folder.Write("p.safetensors", "x");
        CommandRun.Run(_folder, "evaluate", "p.safetensors").ShouldFail(2, "p.safetensors", "--job");
    }

    [Fact]
    public void Unknown_keys_of_cluster_hocon_are_errors()
    {
        _folder.Write("cluster.hocon", "distbp { node { workrs = 2 } }");
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder)).ShouldFail(2, "cluster.hocon:1", "workrs", "workers");
    }

    [Fact]
    public void Cluster_hocon_sets_the_workers_and_where_runs_go()
    {
        _folder.Write("cluster.hocon", "distbp { node { workers = 3 }, storage { runs = elsewhere } }");
        CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder));
        string run = Assert.Single(Directory.GetDirectories(_folder.File("elsewhere")));
        Assert.Equal(3, SampleJobs.Result(_folder, run).GetProperty("workers").GetInt32());
    }
}
