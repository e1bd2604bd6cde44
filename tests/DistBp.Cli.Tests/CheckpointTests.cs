namespace DistBp.Cli.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_output_folder_that_has_files_is_refused()
    {
        Directory.CreateDirectory(_folder.File("run"));
        _folder.Write("run/thesis.txt", "dear");
        CommandRun.Run(_folder, "train", SampleJobs.WriteIris(_folder), "--out", "run").ShouldFail(2, "run", "thesis.txt", "--resume");
    }

    [Fact]
    public void A_checkpoint_of_another_model_is_refused_and_the_run_is_left_as_it_was()
    {
        Train();
        string job = File.ReadAllText(_folder.File("run/job.yaml"));
        CommandRun.Run(_folder, "train", "iris.yaml", "--resume", "--out", "run", "--set", "model.layers=[{dense: 9}, relu, {dense: 3}]")
            .ShouldFail(2, "checkpoints", "[8, 4]", "[9, 4]");
        Assert.Equal(job, File.ReadAllText(_folder.File("run/job.yaml")));
    }

    [Fact]
    public void A_run_whose_data_have_another_number_of_steps_by_now_is_not_resumed()
    {
        Train();
        string data = _folder.File("iris.csv");
        File.WriteAllLines(data, File.ReadAllLines(data)[..^40]);
        CommandRun.Run(_folder, "train", "--resume", "--out", "run").ShouldFail(3, "checkpoints", "training data");
    }

    [Fact]
    public void A_run_whose_data_have_changed_is_resumed_with_a_warning()
    {
        Train();
        string data = _folder.File("iris.csv");
        string[] lines = File.ReadAllLines(data);
        for (int i = 1; i < lines.Length; i++) lines[i] = "9" + lines[i][1..];
        File.WriteAllLines(data, lines);
        Assert.Contains("warning: the training data", CommandRun.Succeed(_folder, "train", "--resume", "--out", "run").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_is_recognised_and_the_checkpoint_before_is_used()
    {
        Train();
        string weights = SampleJobs.WeightsOf(_folder, "run");
        string newest = SampleJobs.Checkpoints(_folder, "run")[0];
        SampleJobs.FlipBit(Path.Combine(newest, "parameters.safetensors"));
        CommandOutcome outcome = CommandRun.Succeed(_folder, "train", "--resume", "--out", "run");
        Assert.Contains("warning:", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(newest), outcome.Error, StringComparison.Ordinal);
        Assert.Equal(weights, SampleJobs.WeightsOf(_folder, "run"));
    }

    [Fact]
    public void Only_damaged_checkpoints_end_with_6()
    {
        Train();
        foreach (string checkpoint in SampleJobs.Checkpoints(_folder, "run"))
            SampleJobs.FlipBit(Path.Combine(checkpoint, "parameters.safetensors"));
        CommandRun.Run(_folder, "train", "--resume", "--out", "run").ShouldFail(6, "damaged", "parameters.safetensors");
    }

    [Fact]
    public void Inspect_shows_a_checkpoint_and_says_6_when_it_is_damaged()
    {
        Train();
        string newest = SampleJobs.Checkpoints(_folder, "run")[0];
        string intact = CommandRun.Succeed(_folder, "inspect", newest).Output;
        Assert.Contains("intact", intact, StringComparison.Ordinal);
        Assert.Contains(SampleJobs.WeightsOf(_folder, "run"), intact, StringComparison.Ordinal);
        SampleJobs.FlipBit(Path.Combine(newest, "manifest.json"));
        CommandOutcome damaged = CommandRun.Run(_folder, "inspect", newest);
        Assert.Equal(6, damaged.ExitCode);
        Assert.Contains("manifest.json", damaged.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_of_a_run_tells_which_checkpoints_are_intact()
    {
        Train();
        string[] checkpoints = SampleJobs.Checkpoints(_folder, "run");
        SampleJobs.FlipBit(Path.Combine(checkpoints[0], "parameters.safetensors"));
        CommandOutcome outcome = CommandRun.Run(_folder, "inspect", "run");
        Assert.Equal(6, outcome.ExitCode);
        Assert.Matches($"{Path.GetFileName(checkpoints[0])} +DAMAGED +parameters.safetensors does not match", outcome.Output);
        Assert.Matches($"{Path.GetFileName(checkpoints[1])} +intact", outcome.Output);
        Assert.Matches("state +intact", CommandRun.Succeed(_folder, "inspect", checkpoints[1]).Output);
    }

    [Fact]
    public void A_run_whose_checkpoints_are_all_damaged_goes_on_from_its_mirror()
    {
        string job = SampleJobs.WriteIris(_folder, "checkpoint: {everySteps: 50, keep: 3, mirror: second}");
        CommandRun.Succeed(_folder, "train", job, "--out", "run");
        string weights = SampleJobs.WeightsOf(_folder, "run");
        foreach (string checkpoint in SampleJobs.Checkpoints(_folder, "run"))
            SampleJobs.FlipBit(Path.Combine(checkpoint, "manifest.json"));
        string inspection = CommandRun.Run(_folder, "inspect", "run").Output;
        Assert.Matches("step-000000160 +DAMAGED", inspection);
        Assert.Matches($"checkpoints in {_folder.File("second/run")}\n +step-000000160 +intact", inspection);
        CommandOutcome outcome = CommandRun.Succeed(_folder, "train", "--resume", "--out", "run");
        Assert.Contains($"{_folder.File("second/run/step-000000160")} is used", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(weights, SampleJobs.WeightsOf(_folder, "run"));
    }

    [Fact]
    public void Inspect_of_a_run_finds_a_damaged_parameter_file()
    {
        Train();
        Assert.Contains("[8, 4]", CommandRun.Succeed(_folder, "inspect", "run").Output, StringComparison.Ordinal);
        string parameters = _folder.File("run/parameters.safetensors");
        byte[] bytes = File.ReadAllBytes(parameters);
        bytes[^1] ^= 1;
        File.WriteAllBytes(parameters, bytes);
        CommandOutcome damaged = CommandRun.Run(_folder, "inspect", "run");
        Assert.Equal(6, damaged.ExitCode);
        Assert.Contains("parameters.safetensors", damaged.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_final_parameters_is_evaluated_from_its_newest_intact_checkpoint()
    {
        Train();
        File.Delete(_folder.File("run/parameters.safetensors"));
        string[] checkpoints = SampleJobs.Checkpoints(_folder, "run");
        SampleJobs.FlipBit(Path.Combine(checkpoints[0], "parameters.safetensors"));
        CommandOutcome outcome = CommandRun.Succeed(_folder, "evaluate", "run");
        Assert.Contains("warning:", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(checkpoints[0]), outcome.Error, StringComparison.Ordinal);
        Assert.Contains("accuracy", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_killed_after_a_resume_is_taken_from_its_checkpoint_not_from_the_interruption_before()
    {
        Train();
        string result = File.ReadAllText(_folder.File("run/result.json"));
        _folder.Write("run/result.json", result.Replace("\"steps\": 160", "\"steps\": 40", StringComparison.Ordinal));
        string inspection = CommandRun.Succeed(_folder, "inspect", "run").Output;
        Assert.Matches("state +not ended\n", inspection);
        Assert.Contains("checkpoints/step-000000160", inspection, StringComparison.Ordinal);
    }

    private void Train() =>
        CommandRun.Succeed(_folder, "train", SampleJobs.WriteIris(_folder, "checkpoint: {everySteps: 50, keep: 3}"), "--out", "run");
}
