using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>A regression of 200 samples, of which one has a target whose squared error is no float.</summary>
internal sealed class ExtremeSample : IDisposable
{
    public const int Row = 137;
    private readonly TemporaryFolder _folder = new();

    public ExtremeSample()
    {
        var random = new Random(5);
        IEnumerable<string> rows = Enumerable.Range(0, 200).Select(i =>
        {
            double x = random.NextDouble(), y = random.NextDouble();
            return string.Create(CultureInfo.InvariantCulture, $"{x},{y},{(i == Row ? 1e30 : x + 2 * y)}");
        });
        File.WriteAllLines(_folder["data.csv"], ["x,y,z", .. rows]);
    }

    public void Dispose() => _folder.Dispose();

    public async Task<(RunResult Result, RunProbe Probe)> TrainAsync(int workers, int servers, string onNonFinite)
    {
        using var run = new TestRun();
        return await TrainAsync(run, workers, servers, onNonFinite);
    }

    public async Task<(RunResult Result, RunProbe Probe)> TrainAsync(TestRun run, int workers, int servers, string onNonFinite)
    {
        using var probe = new RunProbe();
        return (await run.TrainAsync(Job(onNonFinite), workers, servers, probe), probe);
    }

    public JobDescription Job(string onNonFinite, params string[] overrides)
    {
        string job = $$"""
            data: {format: csv, train: {path: data.csv, label: z} }
            model: {layers: [{dense: 8}, relu, {dense: 1}]}
            loss: meanSquaredError
            optimizer: {adam: {rate: 0.01} }
            batch: 20
            slices: 5
            epochs: 3
            onNonFinite: {{onNonFinite}}
            """;
        return JobFile.Parse(job, "job.yaml", overrides, "extreme", Path.GetDirectoryName(_folder["data.csv"])!);
    }
}
