using System.Text.Json;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>The rendered containers' commands, environment and ports as processes.</summary>
public sealed class DeployedClusterTests : IDisposable
{
    /// <summary>So many that workers come and go in the middle.</summary>
    private const string Epochs = "epochs=400";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [KubectlFact]
    public async Task The_rendered_containers_train_the_reference_bits_while_workers_are_scaled_from_2_to_4_to_1()
    {
        _folder.Write("job.yaml", Manifests.Shipped.Files["job.yaml"]);
        CommandRun.Succeed(_folder, "train", "job.yaml", "--set", Epochs, "--quiet", "--out", "reference");

        using var cluster = new DeployedCluster(Manifests.Shipped, _folder);
        cluster.Apply();
        await cluster.WaitForAsync("2 workers", status => DeployedCluster.Active(status, "worker") == 2 && DeployedCluster.Active(status, "server") == 2);
        string id = cluster.Submit("--set", Epochs);
        await StepAsync(cluster, id, 100);

        cluster.Scale("distbp-worker", 4);
        // A member takes part a while after it is one.
        JsonElement four = await cluster.WaitForAsync("4 workers that have made a step", status => DeployedCluster.Stepping(status, "worker") == 4);
        await StepAsync(cluster, id, DeployedCluster.JobOf(four, id).GetProperty("step").GetInt64() + 100);

        cluster.Scale("distbp-worker", 1);
        JsonElement one = await cluster.WaitForAsync("1 worker", status => DeployedCluster.Active(status, "worker") == 1);
        Assert.Equal("running", DeployedCluster.JobOf(one, id).GetProperty("state").GetString());

        JsonElement end = await cluster.WaitForAsync("end", status => DeployedCluster.JobOf(status, id).GetProperty("state").GetString() != "running");
        JsonElement job = DeployedCluster.JobOf(end, id);
        Assert.Equal("completed", job.GetProperty("state").GetString());
        cluster.Delete();
        string run = DeployedCluster.FolderOf(job);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "reference"), SampleJobs.WeightsOf(_folder, run));
        Assert.True(JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", run, "--json").Output).RootElement.GetProperty("generations").GetInt32() >= 3);
    }

    private static async Task StepAsync(DeployedCluster cluster, string id, long step)
    {
        JsonElement status = await cluster.WaitForAsync($"step {step}", status => DeployedCluster.JobOf(status, id).GetProperty("step").GetInt64() >= step);
        Assert.Equal("running", DeployedCluster.JobOf(status, id).GetProperty("state").GetString());
    }
}
