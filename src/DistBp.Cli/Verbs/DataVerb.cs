using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cli.Verbs;

/// <summary>distbp data: large data as folders of shards, which are mapped and not read as a whole.</summary>
internal static class DataVerb
{
    private const int MaxShardSamples = 1 << 30;
    private const string JobName = "job.yaml";

    private static readonly Argument<string?> Job = JobSource.Argument();
    private static readonly Option<string[]> Settings = JobSource.Settings();
    private static readonly Option<string> Output = Flags.Required("--output", "DIR", "A new or empty folder for the shards, and for a job.yaml that reads them.");
    private static readonly Option<int> ShardSamples = Flags.Count(
        "--shard-samples", MaxShardSamples, "Samples of a shard; default: as many as fill 32 MiB, at most 65,536.");

    private static readonly Argument<string> Folder = new("DIR") { Description = "A folder of shards, or the --output of a conversion." };
    private static readonly Option<bool> Verify = Flags.Switch("--verify", "Read all files and check hashes and values.");

    public static Command Create()
    {
        var verb = new Command("data", "Makes and checks shards: data that are too large for memory.") { CreateConvert(), CreateInspect() };
        HelpPage.AddExamples(verb, """
            distbp data convert job.yaml --output shards
            distbp data inspect shards --verify
            """);
        return verb;
    }

    private static Command CreateConvert()
    {
        var verb = new Command("convert", "Writes the data of a job as shards.") { Job, Settings, Output, ShardSamples };
        verb.SetAction(Convert);
        HelpPage.AddExamples(verb, """
            distbp data convert job.yaml --output shards
            distbp data convert job.yaml --set data.validation=0.1 --output shards --shard-samples 20000
            distbp train shards/job.yaml
            """);
        return verb;
    }

    private static Command CreateInspect()
    {
        var verb = new Command("inspect", "Shows what shards hold, and whether they are intact.") { Folder, Verify };
        verb.SetAction(Inspect);
        HelpPage.AddExamples(verb, """
            distbp data inspect shards
            distbp data inspect shards/train --verify
            """);
        return verb;
    }

    private static int Convert(ParseResult parsed)
    {
        JobDescription job = JobSource.Read(parsed.GetValue(Job), parsed.GetValue(Settings) ?? []);
        string output = parsed.GetRequiredValue(Output);
        ConversionReport report = ShardConversion.Convert(job.Data, job.Target, job.Seed, job.BaseFolder, output, parsed.GetValue(ShardSamples));
        string file = Path.Combine(output, JobName);
        File.WriteAllText(file, JobFile.Write(job with { Data = report.Data }));
        ShardText.Write(ShardInspection.Of(output, verify: false), Console.Out);
        if (report.IsPreprocessed) Console.Error.WriteLine("note: the steps of data.preprocess are done in the shards: some of them need all samples in memory");
        Console.Error.WriteLine($"to train on them: distbp train {ShellWord.Quote(file)}");
        return 0;
    }

    private static int Inspect(ParseResult parsed)
    {
        IReadOnlyList<ShardInspection> folders = ShardInspection.Of(parsed.GetRequiredValue(Folder), parsed.GetValue(Verify));
        ShardText.Write(folders, Console.Out);
        Problem[] damage = [.. folders.SelectMany(f => f.Damage)];
        return damage.Length == 0 ? 0 : throw new UserException(ErrorKind.Data, damage);
    }
}
