using System.Text.Json;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Tests.Runs;

public sealed class RunContentsTests : IAsyncLifetime, IDisposable
{
    private static readonly JobDescription Job = SmallJobs.Of(SmallJobs.StopsEarly, "checkpoint={everySteps: 6, keep: 2}");
    private readonly TestRun _run = new();
    private readonly RunProbe _probe = new();
    private RunResult _result = null!;

    public async Task InitializeAsync() => _result = await _run.TrainAsync(Job, 2, 3, _probe);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _probe.Dispose();
        _run.Dispose();
    }

    [Fact]
    public void The_job_reads_back_as_it_ran()
    {
        Assert.Equal(Job with { BaseFolder = "" }, JobFile.Read(_run.Paths.Job, []) with { BaseFolder = "" });
        Assert.Equal(JobFile.Hash(Job), JobFile.Hash(JobFile.Read(_run.Paths.Job, [])));
        Assert.Equal([10], [DataSchema.Load(_run.Paths.Preprocessing).ClassCount]);
    }

    [Fact]
    public void The_result_has_the_promised_keys()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(_run.Paths.Result));
        Assert.Equal(
            ["name", "status", "steps", "epochs", "trainLoss", "validationLoss", "testLoss", "trainAccuracy", "validationAccuracy", "testAccuracy",
             "weightsSha256", "parameters", "samplesPerSecond", "secondsPerEpoch", "wallSeconds", "workers", "servers", "slices", "peakMemoryBytes",
             "bytesSentPerStep", "bytesReceivedPerStep", "restarts", "stepsLost", "clippedSteps"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("stopped-early", json.RootElement.GetProperty("status").GetString());
        Assert.Equal((2, 3, 6, 11386L), (_result.Workers, _result.Servers, _result.Slices, _result.Parameters));
        Assert.True(_result is { SamplesPerSecond: > 0, SecondsPerEpoch: > 0, WallSeconds: > 0, PeakMemoryBytes: > 0, Restarts: 0 });
        Assert.Equal(_result, RunResult.Load(_run.Paths.Result));
        Assert.Equal(_result, _probe.Result);
    }

    [Fact]
    public void The_final_parameters_and_none_but_they_hash_to_the_results_sum()
    {
        SavedRun saved = SavedRun.Open(_run.Folder);
        Assert.Equal(_run.Paths.Parameters, saved.Source);
        Assert.Equal(_result.WeightsSha256, WeightsHash.Compute(saved.Network.Parameters, saved.Parameters.Span));
        Assert.Equal(
            ["dense2.bias", "dense2.weight", "dense3.bias", "dense3.weight", "first.bias", "first.weight"],
            SafetensorsFile.Open(_run.Paths.Parameters).Entries.Select(e => e.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_event_is_a_line_of_json_with_its_fields()
    {
        JsonElement[] events = [.. File.ReadLines(_run.Paths.Events).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(events, e => Assert.True(e.GetProperty("time").TryGetDateTime(out _)));
        ILookup<string, JsonElement> byName = events.ToLookup(e => e.GetProperty("event").GetString()!);
        Assert.Subset(new HashSet<string> { "epoch", "step", "checkpoint", "member", "warning", "statistics", "end" }, byName.Select(g => g.Key).ToHashSet());

        Assert.Equal(_probe.Epochs.Select(e => (e.Epoch, e.Step)), byName["epoch"].Select(e => (e.GetProperty("epoch").GetInt32(), e.GetProperty("step").GetInt64())));
        Assert.Equal(_probe.Epochs.Select(e => e.Validation!.Loss), byName["epoch"].Select(e => e.GetProperty("validationLoss").GetDouble()));
        Assert.Equal(_probe.Epochs.Select(e => e.Train.Loss), byName["epoch"].Select(e => e.GetProperty("trainLoss").GetDouble()));
        Assert.Equal(_probe.Checkpoints.Select(c => c.Step), byName["checkpoint"].Select(e => e.GetProperty("step").GetInt64()));
        Assert.Equal(_result.WeightsSha256, events[^1].GetProperty("weightsSha256").GetString());
        Assert.Equal(("end", "stopped-early"), (events[^1].GetProperty("event").GetString(), events[^1].GetProperty("status").GetString()));
    }

    [Fact]
    public void The_newest_checkpoints_are_kept_and_intact()
    {
        string[] folders = [.. CheckpointStore.OpenForReading(_run.Paths.Checkpoints).NewestFirst()];
        Assert.Equal(2, folders.Length);
        Assert.All(folders, f => Assert.Equal("", Checkpoint.Verify(f).Why));
        Assert.EndsWith($"step-{_result.Steps:D9}", folders[0], StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(folders[0], "optimizer-*-of-00003.safetensors").Length);
    }

    [Fact]
    public void Checkpoints_stand_at_the_steps_that_the_job_asks_for_and_at_the_end()
    {
        long[] due = [.. Enumerable.Range(1, (int)_result.Steps).Where(s => s % 6 == 0 || s == _result.Steps).Select(s => (long)s)];
        Assert.Equal(due, _probe.Checkpoints.Select(c => c.Step));
    }

    [Fact]
    public void Of_each_step_and_epoch_an_observer_hears_once_and_in_order()
    {
        Assert.Equal(Enumerable.Range(1, (int)_result.Steps).Select(s => (long)s), _probe.Steps.Select(s => s.Step));
        Assert.Equal(_probe.Steps.Select(s => (int)((s.Step - 1) / SmallJobs.StepsPerEpoch) + 1), _probe.Steps.Select(s => s.Epoch));
        Assert.Equal(Enumerable.Range(1, _result.Epochs), _probe.Epochs.Select(e => e.Epoch));
        Assert.Equal(1079 * _result.Epochs, _probe.Steps.Sum(s => s.Samples));
    }
}
