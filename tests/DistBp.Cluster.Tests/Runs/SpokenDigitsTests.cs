using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;

namespace DistBp.Cluster.Tests.Runs;

public sealed class SpokenDigitsTests
{
    [EspeakFact]
    public async Task Words_that_espeak_speaks_are_learned_by_the_job_of_the_repository()
    {
        using var folder = new TemporaryFolder();
        using Process speaking = Process.Start(Path.Combine(Root(), "deploy", "jobs", "data", "make_spoken_digits.sh"), [folder.Path, "few"]);
        await speaking.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(100));
        Assert.Equal(0, speaking.ExitCode);
        JobDescription job = JobFile.Read(Path.Combine(Root(), "deploy", "jobs", "spoken-digits.yaml"),
            [$"data.train.folder={folder["train"]}", $"data.test.folder={folder["test"]}", "batch=8", "epochs=50"]);
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(job, 2, 2);
        Assert.InRange(result.TrainAccuracy!.Value, 0.9, 1);
        // One voice that was never heard, after two others.
        Assert.InRange(result.TestAccuracy!.Value, 0.4, 1);
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
