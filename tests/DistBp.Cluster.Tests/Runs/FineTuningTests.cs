using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Runs;

public sealed class FineTuningTests
{
    private static readonly string[] FromScratch = ["initialWeights=null", "partial=false", "rates=null", "freeze=[]"];

    [Fact]
    public async Task Fine_tuned_beats_from_scratch_in_as_many_epochs()
    {
        using var run = new TestRun();
        await run.TrainAsync(Read("fine-tune-base"), 2, 2);
        string weights = $"initialWeights={run.Paths.Parameters}";
        foreach (int seed in new[] { 1, 2, 3 })
        {
            double tuned = (await TestRun.WholeAsync(Read("fine-tune", weights, $"seed={seed}"))).Outcome.TestAccuracy!.Value;
            double scratch = (await TestRun.WholeAsync(Read("fine-tune", [.. FromScratch, $"seed={seed}"]))).Outcome.TestAccuracy!.Value;
            Assert.True(tuned > scratch + 0.05, $"seed {seed}: {tuned} fine-tuned, {scratch} from scratch");
        }
    }

    [Fact]
    public async Task Frozen_layers_keep_their_bits_and_parameters_that_are_not_in_the_file_are_told()
    {
        using var first = new TestRun();
        await first.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "epochs=1"));
        using var second = new TestRun();
        using var probe = new RunProbe();
        await second.TrainAsync(
            SmallJobs.Of(
                $"initialWeights: {first.Paths.Parameters}", "partial=true", "freeze=[first]", "model.layers.4={dense: {units: 10, name: head}}",
                "epochs=1"),
            2, 3, probe);
        using SafetensorsFile before = SafetensorsFile.Open(first.Paths.Parameters), after = SafetensorsFile.Open(second.Paths.Parameters);
        Assert.Equal(Tensor(before, "first.weight"), Tensor(after, "first.weight"));
        Assert.Equal(Tensor(before, "first.bias"), Tensor(after, "first.bias"));
        Assert.NotEqual(Tensor(before, "dense2.weight"), Tensor(after, "dense2.weight"));
        Assert.Contains(probe.Warnings, w => w.EndsWith("gives 4 of 6 parameters; at random start head.weight, head.bias", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_layers_rate_is_its_factor_of_the_learning_rate()
    {
        const string sgd = "optimizer: {sgd: {rate: 0.1}}";
        // One step of one epoch.
        string[] once = ["epochs=1", "batch=1079", "clip.globalNorm=0.05"];
        (float[] first, float[] second)[] moved = [await Moved(), await Moved("rates={first: 0.5}"), await Moved("rates={first: 0.5, dense2: 4}")];
        for (int i = 0; i < moved[0].first.Length; i++) Assert.Equal(moved[0].first[i] * 0.5f, moved[1].first[i], 1e-7f);
        for (int i = 0; i < moved[0].second.Length; i++) Assert.Equal(moved[0].second[i] * 4, moved[2].second[i], 1e-7f);
        Assert.Equal(moved[0].second, moved[1].second);
        Assert.Equal(moved[1].first, moved[2].first);
        Assert.Contains(moved[0].first, m => Math.Abs(m) > 1e-5f);

        async Task<(float[], float[])> Moved(params string[] settings)
        {
            using var run = new TestRun();
            JobDescription job = SmallJobs.Of(sgd, [.. once, .. settings]);
            await run.TrainAsync(job);
            SavedRun saved = SavedRun.Open(run.Folder);
            var start = new float[saved.Network.Parameters.Count];
            saved.Network.InitializeParameters(job.Seed, start);
            float[] Difference(string name)
            {
                ParameterView view = saved.Network.Parameters.Views.Single(v => v.Name == name);
                return [.. Enumerable.Range(view.Offset, view.Count).Select(i => saved.Parameters.Span[i] - start[i])];
            }
            return (Difference("first.weight"), Difference("dense2.weight"));
        }
    }

    [Fact]
    public async Task Rates_for_what_is_not_trained_are_refused_before_there_is_a_folder()
    {
        using var run = new TestRun();
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "rates={frist: 0.1, tanh1: 2, dense2: 2}");
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job));
        Assert.Equal(["there is no layer 'frist'", "there is no layer 'tanh1'"], e.Problems.Select(p => p.What));
        Assert.Equal("did you mean 'first'? layers with trained parameters are first, dense2, dense3", e.Problems[0].Remedy);
        Assert.False(Directory.Exists(run.Folder));
    }

    [Fact]
    public async Task An_augmentation_that_does_not_fit_is_refused_before_there_is_a_folder()
    {
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "data.augment=[{noise: 1}, {shift: 8}]")));
        Assert.Equal("data.augment.1", Assert.Single(e.Problems).Where);
        Assert.False(Directory.Exists(run.Folder));
    }

    /// <summary>A target with the noise would cost its variance, 1, at least.</summary>
    [Fact]
    public async Task An_autoencoder_learns_to_give_the_input_without_its_noise()
    {
        JobDescription job = SmallJobs.Of(
            SmallJobs.EveryOptimizer["denoisingAutoencoder"], "data.augment=[{noise: 1}]", "epochs=10", "clip=null");
        Outcome outcome = (await TestRun.WholeAsync(job, 2, 2)).Outcome;
        Assert.InRange(outcome.TrainLoss!.Value, 0, 0.2);
        Assert.Null(outcome.TestAccuracy);
    }

    private static float[] Tensor(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = file.Find(name)!;
        var values = new float[entry.ElementCount];
        file.ReadFloats(entry, values);
        return values;
    }

    private static JobDescription Read(string name, params string[] overrides) =>
        JobFile.Read(Path.Combine(Root(), "deploy", "jobs", $"{name}.yaml"), overrides);

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
