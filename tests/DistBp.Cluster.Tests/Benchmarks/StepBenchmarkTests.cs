using DistBp.Cluster.Benchmarks;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Tests.Benchmarks;

public sealed class StepBenchmarkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_steps_time_is_told_by_phase_and_its_memory_in_bytes(int workers)
    {
        BenchmarkData data = BenchmarkData.Random(seed: 7, count: 512);
        StepRate rate = await StepBenchmark.MeasureAsync(BenchmarkJob.Mlp(64, "epochs=3"), data, workers);

        Assert.Equal((535_818, 64, 2, workers), (rate.Parameters, rate.Batch, rate.Slices, rate.Workers));
        Assert.True(rate.SamplesPerSecond > 0);
        Assert.All(Enum.GetValues<StepPhase>(), phase => Assert.True(rate.Phases[phase] > 0, $"{phase} took no time"));
        // Each worker's two slices (or its one) come as one sum; mean gradient out; Adam keeps two moments.
        Assert.Equal(535_818 * 4L * (workers + 1), rate.ReduceBytesPerStep);
        Assert.Equal(535_818 * 4L * 7, rate.UpdateBytesPerStep);
    }

    [Fact]
    public void A_hand_over_is_measured_with_spinning_and_with_parked_threads()
    {
        BarrierRate[] rates = [.. BarrierBenchmark.Run()];
        Assert.Equal(["spinning", "parked"], rates.Select(r => r.Waiting));
        Assert.All(rates, rate => Assert.InRange(rate.MedianMicroseconds, double.Epsilon, rate.SlowMicroseconds));
    }

    [Fact]
    public void The_report_is_one_JSON_document_without_what_was_not_measured()
    {
        var report = new BenchmarkReport(new MachineDescription("a processor", 2, 512, 100, ".NET"))
        {
            Products = [new KernelRate("product", "2x3x4", 90, 100, "GFLOP/s")],
        };
        using var json = System.Text.Json.JsonDocument.Parse(report.ToJson());
        Assert.Equal(0.9, json.RootElement.GetProperty("products")[0].GetProperty("ratio").GetDouble());
        Assert.False(json.RootElement.TryGetProperty("steps", out _));
    }
}
