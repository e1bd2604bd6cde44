using System.Runtime.CompilerServices;
using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Tests.Configuration;

public sealed class ShippedFilesTests
{
    [Theory]
    [InlineData("digits")]
    [InlineData("fashion-mlp")]
    [InlineData("fashion-lstm")]
    [InlineData("fashion-gru")]
    [InlineData("fashion-cnn")]
    [InlineData("flowers")]
    [InlineData("customers")]
    [InlineData("houses")]
    [InlineData("fine-tune-base")]
    [InlineData("fine-tune")]
    [InlineData("digits-autoencoder")]
    [InlineData("char-rnn")]
    [InlineData("spoken-digits")]
    public void The_jobs_of_the_repository_are_right(string name)
    {
        JobDescription job = JobFile.Read(Path.Combine(Root(), "deploy", "jobs", $"{name}.yaml"), []);
        Assert.Equal(name, job.Name);
    }

    [Fact]
    public void The_embedded_job_is_the_file_of_the_repository()
    {
        JobDescription file = JobFile.Read(Path.Combine(Root(), "deploy", "jobs", "digits.yaml"), []);
        Assert.Equal(file, JobFile.Embedded([]) with { BaseFolder = file.BaseFolder });
    }

    [Fact]
    public void The_cluster_file_of_the_repository_holds_the_defaults()
    {
        ClusterConfiguration file = ClusterConfiguration.Read(Path.Combine(Root(), "cluster.hocon"));
        Assert.Equal(ClusterConfiguration.Default with { Node = ClusterConfiguration.Default.Node with { Name = file.Node.Name } }, file);
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
