using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>One run's folder, in which a job is trained in one go or in pieces.</summary>
internal sealed class TestRun : IDisposable
{
    /// <summary>Turns a hang into a failure; no run here takes more than some seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder["run"];

    public RunPaths Paths => new(Folder);

    public void Dispose() => _folder.Dispose();

    /// <summary>The same run in a folder of its own.</summary>
    public TestRun Copy()
    {
        var copy = new TestRun();
        foreach (string file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.Folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    /// <summary>Starts the job, or goes on with it where the folder has a run.</summary>
    public Task<RunResult> TrainAsync(JobDescription job, int workers = 1, int servers = 1, RunProbe? probe = null)
    {
        var options = new TrainingOptions { Workers = workers, Servers = servers, OutFolder = Folder, Resume = Directory.Exists(Folder) };
        return TrainingSession.RunAsync(job, options, probe is null ? [] : [probe], probe?.Stop ?? CancellationToken.None).WaitAsync(Patience);
    }

    /// <summary>The whole job in a folder of its own.</summary>
    public static async Task<(Outcome Outcome, RunProbe Probe)> WholeAsync(JobDescription job, int workers = 1, int servers = 1)
    {
        using var run = new TestRun();
        using var probe = new RunProbe();
        RunResult result = await run.TrainAsync(job, workers, servers, probe);
        return (Outcome.Of(result), probe);
    }

    /// <summary>Interrupts the run at each of the steps, and goes on with other numbers of workers and servers.</summary>
    public async Task<Outcome> TrainInPiecesAsync(
        JobDescription job, IReadOnlyList<(long Step, int Workers, int Servers)> pieces, (int Workers, int Servers) last)
    {
        foreach ((long step, int workers, int servers) in pieces)
        {
            using var probe = new RunProbe { StopAtStep = step };
            RunResult piece = await TrainAsync(job, workers, servers, probe);
            Assert.Equal(Protocol.Effects.RunStatus.Interrupted, piece.Status);
            Assert.True(piece.Steps >= step, $"interrupted at step {piece.Steps}, before {step}");
        }
        return Outcome.Of(await TrainAsync(job, last.Workers, last.Servers));
    }
}

/// <summary>What must be equal, bit for bit, however a job is run.</summary>
internal sealed record Outcome(
    string Status, long Steps, int Epochs, string WeightsSha256, double? TrainLoss, double? ValidationLoss, double? TestLoss,
    double? TrainAccuracy, double? ValidationAccuracy, double? TestAccuracy)
{
    public static Outcome Of(RunResult r) => new(
        r.Status.ToString(), r.Steps, r.Epochs, r.WeightsSha256, r.TrainLoss, r.ValidationLoss, r.TestLoss, r.TrainAccuracy,
        r.ValidationAccuracy, r.TestAccuracy);
}
