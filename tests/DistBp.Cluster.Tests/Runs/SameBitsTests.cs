using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Tests.Runs;

public sealed class SameBitsTests
{
    private static readonly int[] WorkerCounts = [1, 2, 3, 5], ServerCounts = [1, 2, 3];

    public static TheoryData<string> Jobs => [.. SmallJobs.EveryOptimizer.Keys];

    [Theory]
    [MemberData(nameof(Jobs))]
    public async Task Workers_and_servers_change_no_bit_of_parameters_losses_and_norms(string name)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name]);
        (Outcome expected, RunProbe alone) = await TestRun.WholeAsync(job);
        Assert.Equal(2 * SmallJobs.StepsPerEpoch, expected.Steps);
        Assert.NotNull(expected.ValidationLoss);
        foreach (int workers in WorkerCounts)
        {
            foreach (int servers in ServerCounts)
            {
                (Outcome outcome, RunProbe probe) = await TestRun.WholeAsync(job, workers, servers);
                Assert.Equal((workers, servers, expected), (workers, servers, outcome));
                Assert.Equal(alone.Steps, probe.Steps);
            }
        }
    }

    [Fact]
    public async Task Another_seed_another_slicing_and_no_clipping_change_the_bits()
    {
        string[] hashes =
        [
            .. await Task.WhenAll(new string[] { "seed=1", "seed=2", "slices=4", "clip=null" }
                .Select(async o => (await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam, o))).Outcome.WeightsSha256)),
        ];
        Assert.Equal(4, hashes.Distinct().Count());
    }

    [Fact]
    public async Task The_gradient_norm_of_each_step_is_exact_over_any_number_of_servers_while_it_clips()
    {
        JobDescription job = SmallJobs.Of("optimizer: {sgd: {rate: 0.2}}", "clip.globalNorm=0.05");
        double[][] norms =
        [
            .. await Task.WhenAll(ServerCounts.Select(
                async servers => (await TestRun.WholeAsync(job, 2, servers)).Probe.Steps.Select(s => s.GradientNorm).ToArray())),
        ];
        Assert.All(norms[0], norm => Assert.True(norm > 0.05, $"norm {norm} is not clipped"));
        Assert.Equal(norms[0], norms[1]);
        Assert.Equal(norms[0], norms[2]);
    }
}
