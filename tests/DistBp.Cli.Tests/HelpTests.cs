namespace DistBp.Cli.Tests;

public sealed class HelpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train", "--set <KEY=VALUE>")]
    [InlineData("train", "--cluster <ADDR>")]
    [InlineData("node", "--coordinator <ADDR>")]
    [InlineData("status", "--watch")]
    [InlineData("cancel", "<JOBID>")]
    [InlineData("find-rate", "--output <FILE>")]
    [InlineData("tune", "--space <FILE>")]
    [InlineData("evaluate", "--data <PART>")]
    [InlineData("evaluate", "--folds <N>")]
    [InlineData("predict", "--input <FILE>")]
    [InlineData("export", "--format <FORMAT>")]
    [InlineData("inspect", "<RUN|CHECKPOINT>")]
    [InlineData("data", "convert")]
    [InlineData("audit", "<RUN>")]
    [InlineData("completion", "<bash|fish|zsh>")]
    public void Every_verb_has_a_help_page_with_an_example(string verb, string flag)
    {
        CommandOutcome help = CommandRun.Succeed(_folder, verb, "--help");
        Assert.Contains(flag, help.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", help.Output, StringComparison.Ordinal);
        Assert.Contains(verb, help.Output.Split("Examples:")[1], StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }

    [Fact]
    public void The_help_of_the_command_names_every_verb()
    {
        string help = CommandRun.Succeed(_folder, "--help").Output;
        Assert.All(["train", "find-rate", "tune", "evaluate", "predict", "export", "inspect", "data", "audit", "node", "status", "cancel", "completion"],
            verb => Assert.Contains($"  {verb} ", help, StringComparison.Ordinal));
    }

    [Fact]
    public void The_version_is_one_line_on_standard_output() =>
        Assert.Matches(@"^\d+\.\d+\.\d+[^\n]*\n$", CommandRun.Succeed(_folder, "--version").Output);

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "compdef ")]
    [InlineData("fish", "complete -c distbp")]
    public void Completion_is_written_for_a_shell(string shell, string word) =>
        Assert.Contains(word, CommandRun.Succeed(_folder, "completion", shell).Output, StringComparison.Ordinal);

    [Fact]
    public void The_parser_answers_what_the_completion_script_asks()
    {
        string[] words = CommandRun.Succeed(_folder, "[suggest:15]", "distbp train --").Output.Split('\n');
        Assert.Contains("--workers", words);
        Assert.Contains("--resume", words);
        Assert.DoesNotContain("--with-parent", CommandRun.Succeed(_folder, "[suggest:14]", "distbp node --").Output, StringComparison.Ordinal);
        Assert.Contains("bayesian", CommandRun.Succeed(_folder, "[suggest:21]", "distbp tune --search ").Output.Split('\n'));
        Assert.Contains("--from", CommandRun.Succeed(_folder, "[suggest:19]", "distbp find-rate --").Output.Split('\n'));
    }
}
