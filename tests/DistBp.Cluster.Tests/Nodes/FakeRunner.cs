using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tests.Nodes;

/// <summary>Takes the place of training: tells of a start and a step, writes a small run's folder, and ends when a test says so.</summary>
internal sealed class FakeRunner : IDisposable
{
    private readonly SemaphoreSlim _mayEnd = new(0);
    private readonly SemaphoreSlim _begun = new(0);

    /// <summary>Ids, in the order in which they ran.</summary>
    public List<string> Ran { get; } = [];

    public List<MemberChange> Changes { get; } = [];

    /// <summary>Whether leaving members are released at once.</summary>
    public bool Releases { get; set; } = true;

    public Exception? Error { get; set; }

    /// <summary>Epochs to tell of before the end.</summary>
    public int Epochs { get; set; } = 1;

    public IClusterMembers? Members { get; private set; }

    /// <summary>Of the job that runs.</summary>
    public JobRecord? Record { get; private set; }

    public async Task<RunResult> RunAsync(SubmittedJob job, JobRecord record, IClusterMembers members, IReadOnlyList<IRunObserver> observers, CancellationToken stop)
    {
        Ran.Add(job.Id);
        (Members, Record) = (members, record);
        using IDisposable subscription = members.Subscribe(change =>
        {
            lock (Changes) Changes.Add(change);
            if (Releases && change is MemberLeaving leaving) members.Release(leaving.Member);
        });
        using RunFolder folder = record.Stored.Start is { } earlier
            ? RunFolder.Resume(earlier.Folder) : RunFolder.CreateNamed(job.Options.RunsFolder, job.Job.Name, TimeProvider.System);
        if (record.Stored.Start is null) Fill(folder.Paths, job.Job);
        var started = new RunStarted(job.Job, folder.Paths.Folder, 2, 2, 1, new TensorShape(64), 1234, 100, 10, 0, 5, 0, 100);
        foreach (IRunObserver observer in observers) observer.OnStarted(started);
        await record.SaveAsync(s =>
        {
            s.Start = RunStartMessage.Of(started);
            s.Start.Job = "";
        });
        foreach (IRunObserver observer in observers) observer.OnStep(new StepFigures(7, 2, 0.25, 0.5, 0.01, 3, 20));
        for (int epoch = 1; epoch <= Epochs; epoch++)
        {
            var figures = new EpochFigures(
                epoch, epoch * 5, new MetricValues(0.5 / epoch, 100, 0.75, null, null, null), new MetricValues(double.NaN, 10, 0.5, null, null, null), 0.01, 1000,
                TimeSpan.FromSeconds(0.1), "best so far");
            foreach (IRunObserver observer in observers) observer.OnEpoch(figures);
        }
        foreach (IRunObserver observer in observers) observer.OnWarning("mind the gap");
        _begun.Release();
        bool stopped = false;
        try
        {
            await _mayEnd.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            stopped = true;
        }
        if (Error is not null) throw Error;
        var result = new RunResult(
            job.Job.Name, stopped ? RunStatus.Interrupted : RunStatus.Completed, 100, 20, 0.1, null, null, 0.9, null, null, "abc", 1234, 1, 1, 1, 2, 2, 6, 1, 0, 0, 0, 0);
        foreach (IRunObserver observer in observers) observer.OnEnded(result);
        return result;
    }

    /// <summary>Waits until one more run has begun.</summary>
    public async Task BegunAsync() => Assert.True(await _begun.WaitAsync(TestCluster.Patience));

    /// <summary>Lets one run end.</summary>
    public void LetEnd() => _mayEnd.Release();

    public void Dispose()
    {
        _mayEnd.Dispose();
        _begun.Dispose();
    }

    private static void Fill(RunPaths paths, JobDescription job)
    {
        File.WriteAllText(paths.Job, JobFile.Write(job));
        File.WriteAllText(paths.Events, "{}\n");
        string checkpoint = Directory.CreateDirectory(Path.Combine(paths.Checkpoints, "step-000000007")).FullName;
        File.WriteAllBytes(Path.Combine(checkpoint, "parameters.safetensors"), Pattern(100_000));
        File.WriteAllBytes(Path.Combine(checkpoint, "empty"), []);
        Directory.CreateDirectory(Path.Combine(paths.Checkpoints, "step-000000009.writing"));
        File.WriteAllText(Path.Combine(paths.Checkpoints, "step-000000009.writing", "half"), "half");
    }

    public static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
