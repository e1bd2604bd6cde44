using System.Text.Json;

namespace DistBp.Cli.Tests;

/// <summary>The bits do not depend on how wide the processor's vectors are. Where it has no AVX-512 or no AVX2 a case compares equal widths.</summary>
public sealed class VectorWidthTests : IDisposable
{
    private static readonly string[] Job =
    [
        "train", "--set", "epochs=2", "--set", "model.layers.1=gelu", "--set", "model.layers.3=tanh", "--set", "clip.globalNorm=0.5", "--out",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Weights_are_the_same_bits_without_AVX_512()
    {
        CommandRun.Succeed(_folder, [.. Job, "wide"]);
        CommandRun.SucceedWith("DOTNET_EnableAVX512", "0", _folder, [.. Job, "narrow"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    [Fact]
    public void Weights_of_a_recurrent_network_are_the_same_bits_without_AVX_512()
    {
        string[] job = ["train", "--set", "epochs=1", "--set", "data.shape=[8, 8]", "--set", "model.layers=[{lstm: 21}, {dense: 10}]", "--out"];
        CommandRun.Succeed(_folder, [.. job, "wide"]);
        CommandRun.SucceedWith("DOTNET_EnableAVX512", "0", _folder, [.. job, "narrow"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    /// <summary>Without AVX2 .NET takes FMA away too and computes it in software: the job is tiny.</summary>
    [Fact]
    public void Weights_are_the_same_bits_without_AVX2()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandRun.Succeed(_folder, "train", job, "--out", "wide");
        CommandRun.SucceedWith("DOTNET_EnableAVX2", "0", _folder, "train", job, "--out", "narrow");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    /// <summary>Dropout, layer normalization, a residual and noise: what draws at random does so alike at every width.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public void Weights_of_a_regularized_job_are_the_same_bits_without(string variable)
    {
        string[] train =
        [
            "train", SampleJobs.WriteIris(_folder), "--set", "epochs=3", "--set", "data.augment=[{noise: 0.1}]", "--set",
            "model.layers=[layerNorm, {dense: 24}, {dropout: 0.3}, {residual: [{dense: 24}, gelu, layerNorm]}, {dense: 3}]", "--out",
        ];
        CommandRun.Succeed(_folder, [.. train, "wide"]);
        CommandRun.SucceedWith(variable, "0", _folder, [.. train, "narrow"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    /// <summary>As above: a tiny job.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public void Convolutions_and_pools_give_the_same_bits_with_narrower_vectors(string variable)
    {
        string[] job =
        [
            "train", "--set", "epochs=1", "--set", "data.shape=[1, 8, 8]", "--set",
            "model.layers=[{conv2d: {filters: 5, padding: same}}, batchNorm, relu, {maxPool2d: 2}, {conv2d: {filters: 18, kernel: 2}}, gelu, {avgPool2d: 2}, {dropout: 0.2}, {dense: 10}]",
            "--out",
        ];
        CommandRun.Succeed(_folder, [.. job, "wide"]);
        CommandRun.SucceedWith(variable, "0", _folder, [.. job, "narrow"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    /// <summary>Lossy encodings: with the same number of workers. A tiny job, as above.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", "{gradients: int8, parameters: bf16}")]
    [InlineData("DOTNET_EnableAVX2", "{gradients: int8, parameters: bf16}")]
    [InlineData("DOTNET_EnableAVX512", "{gradients: {topK: 0.1}, parameters: f16}")]
    [InlineData("DOTNET_EnableAVX2", "{gradients: {topK: 0.1}, parameters: f16}")]
    [InlineData("DOTNET_EnableAVX512", "{gradients: f16}")]
    [InlineData("DOTNET_EnableAVX2", "{gradients: bf16}")]
    public void Encodings_of_the_wire_give_the_same_bits_with_narrower_vectors(string variable, string wire)
    {
        string[] train = ["train", SampleJobs.WriteIris(_folder), "--workers", "2", "--set", "epochs=5", "--set", $"wire={wire}", "--set", "model.layers=[{dense: 100}, relu, {dense: 50}, relu, {dense: 3}]", "--out"];
        CommandRun.Succeed(_folder, [.. train, "wide"]);
        CommandRun.SucceedWith(variable, "0", _folder, [.. train, "narrow"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public void An_embedding_and_batch_normalization_give_the_same_bits_with_narrower_vectors(string variable)
    {
        string job = SampleJobs.WriteTokens(_folder);
        CommandRun.Succeed(_folder, "train", job, "--out", "wide");
        CommandRun.SucceedWith(variable, "0", _folder, "train", job, "--out", "narrow");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "wide"), SampleJobs.WeightsOf(_folder, "narrow"));
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    public void The_variables_that_the_tests_above_set_take_effect(string variable, int bits)
    {
        int widest = VectorBits(CommandRun.Succeed(_folder, "benchmark", "barrier", "--json"));
        int narrowed = VectorBits(CommandRun.SucceedWith(variable, "0", _folder, "benchmark", "barrier", "--json"));
        Assert.Equal(Math.Min(widest, bits), narrowed);
    }

    private static int VectorBits(CommandOutcome outcome)
    {
        using JsonDocument report = JsonDocument.Parse(outcome.Output);
        return report.RootElement.GetProperty("machine").GetProperty("vectorBits").GetInt32();
    }
}
