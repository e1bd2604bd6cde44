using System.Text.Json;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>The parameters depend on the job alone: however many processes there are, whichever way tensors go.</summary>
public sealed class SameBitsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Digits_have_the_same_bits_in_one_to_four_processes()
    {
        string[] job = TrainedJobs.Digits(epochs: 6);
        string reference = TrainedJobs.Reference(_folder, job);
        for (int processes = 1; processes <= 4; processes++) Assert.Equal(reference, Train(job, processes, sharedMemory: processes % 2 == 0));
    }

    [Fact]
    public void A_convolution_with_batch_normalization_has_the_same_bits_in_one_to_four_processes()
    {
        string[] job = TrainedJobs.Convolution(_folder, epochs: 4);
        string reference = TrainedJobs.Reference(_folder, job);
        for (int processes = 1; processes <= 4; processes++) Assert.Equal(reference, Train(job, processes, sharedMemory: processes % 2 == 1));
    }

    [FashionFact]
    public void Fashion_has_the_same_bits_and_sends_over_grpc_what_the_algorithm_needs_and_through_shared_memory_next_to_nothing()
    {
        string[] job = TrainedJobs.FashionMlp(_folder);
        string reference = TrainedJobs.Reference(_folder, job);
        Assert.Equal(reference, Train(job, 2, sharedMemory: false));
        JsonElement result = SampleJobs.Result(_folder, "run-2");
        // A node pushes half of the gradient to the other one's server, and its server gives half of the parameters to the other one's worker.
        double needed = sizeof(float) * result.GetProperty("parameters").GetInt64();
        Assert.InRange(result.GetProperty("bytesSentPerStep").GetDouble(), needed, needed * 1.01);
        Assert.InRange(result.GetProperty("bytesReceivedPerStep").GetDouble(), needed, needed * 1.01);
        Assert.Equal(reference, Train(job, 3, sharedMemory: true));
        Assert.InRange(SampleJobs.Result(_folder, "run-3").GetProperty("bytesSentPerStep").GetDouble(), 0, needed / 20);
    }

    private string Train(string[] job, int processes, bool sharedMemory)
    {
        string run = $"run-{processes}";
        CommandRun.Succeed(_folder, [.. job, "--quiet", "--out", run, "--processes", $"{processes}", .. TrainedJobs.Lane(_folder, sharedMemory)]);
        CommandRun.Succeed(_folder, "audit", run);
        return SampleJobs.WeightsOf(_folder, run);
    }
}
