using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

public sealed class ExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ParameterLayout _layout = SmallRun.Layout();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new int[0], "()")]
    [InlineData(new[] { 3 }, "(3,)")]
    [InlineData(new[] { 2, 0, 3 }, "(2, 0, 3)")]
    public void An_npy_file_has_the_bytes_of_version_1(int[] dimensions, string tuple)
    {
        var shape = new TensorShape(dimensions);
        float[] data = SmallRun.Floats(shape.ElementCount, 1);
        using var stream = new MemoryStream();
        NpyWriter.Write(stream, shape, data);
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple}, }}".PadRight(117) + "\n";
        byte[] expected = [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(data.AsSpan())];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void Npy_goes_to_one_vector_or_to_a_folder_by_the_name()
    {
        float[] parameters = SmallRun.Floats(_layout.Count, 1);
        NpyExport.Write(_folder["flat.npy"], _layout, parameters);
        byte[] flat = File.ReadAllBytes(_folder["flat.npy"]);
        Assert.Equal(MemoryMarshal.AsBytes(parameters.AsSpan()).ToArray(), flat[128..]);
        IReadOnlyList<string> files = NpyExport.Write(_folder["tensors"], _layout, parameters);
        Assert.Equal(["dense.weight.npy", "dense.bias.npy", "norm.mean.npy"], files.Select(Path.GetFileName));
        Assert.Contains("(3, 4)", File.ReadAllText(files[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_weights_hash_is_sha256_of_the_flat_buffer()
    {
        float[] parameters = SmallRun.Floats(_layout.Count, 1);
        string hash = WeightsHash.Compute(_layout, parameters);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(parameters.AsSpan()))), hash);
        parameters[^1] = -parameters[^1];
        Assert.NotEqual(hash, WeightsHash.Compute(_layout, parameters));
        Assert.Throws<ArgumentException>(() => WeightsHash.Compute(_layout, parameters.AsSpan(1)));
    }

    [Fact]
    public void The_weights_hash_takes_trained_parameters_first_and_then_the_others_in_the_order_of_the_layers()
    {
        static ParameterDescription Of(ParameterKind kind) => new("p", new TensorShape(2), kind, 1, 1);
        var layout = new ParameterLayout([("a", [Of(ParameterKind.Weight)], true), ("b", [Of(ParameterKind.RunningStatistic)], false), ("c", [Of(ParameterKind.Weight)], false)]);
        Assert.Equal(["c.p", "b.p", "a.p"], layout.Views.Select(v => v.Name));
        float[] parameters = [1, 2, 3, 4, 5, 6], hashed = [1, 2, 5, 6, 3, 4];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(hashed.AsSpan()))), WeightsHash.Compute(layout, parameters));
    }

    [Fact]
    public void Parameters_come_back_by_name()
    {
        float[] parameters = SmallRun.Floats(_layout.Count, 1);
        FileDigest digest = ParameterFile.Save(_folder["p.safetensors"], _layout, parameters);
        Assert.Equal(FileDigest.Of(_folder["p.safetensors"]), digest);
        var loaded = new float[_layout.Count];
        Assert.Equal(3, ParameterFile.Load(_folder["p.safetensors"], _layout, loaded).Count);
        Assert.Equal(parameters, loaded);
    }

    [Fact]
    public void Parameters_of_another_model_are_named_all_at_once_and_nothing_is_read()
    {
        ParameterFile.Save(_folder["p.safetensors"], _layout, SmallRun.Floats(_layout.Count, 1));
        ParameterLayout other = Other("dense");
        var loaded = new float[other.Count];
        UserException e = Assert.Throws<UserException>(() => ParameterFile.Load(_folder["p.safetensors"], other, loaded));
        Assert.Equal(
            ["parameter 'dense.weight' has shape [3, 4] in the file, the model needs [4, 3]",
             "the file has no parameter 'dense.gain' (it has dense.bias, dense.weight, norm.mean)"],
            e.Problems.Select(p => p.What));
        Assert.All(loaded, v => Assert.Equal(0, v));
        Assert.Equal(["dense.bias"], ParameterFile.Load(_folder["p.safetensors"], other, loaded, partial: true));
        Assert.NotEqual(0, loaded[12]);
        Assert.Throws<UserException>(() => ParameterFile.Load(_folder["p.safetensors"], Other("x"), loaded, partial: true));
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file()
    {
        string path = _folder["p.safetensors"];
        ParameterFile.Save(path, _layout, SmallRun.Floats(_layout.Count, 1));
        FileDigest before = FileDigest.Of(path);
        Directory.CreateDirectory(path + ".writing");
        Assert.Throws<UserException>(() => ParameterFile.Save(path, _layout, SmallRun.Floats(_layout.Count, 2)));
        Assert.Equal(before, FileDigest.Of(path));
        Assert.Contains(
            "bytes are needed", Assert.Throws<UserException>(() => ParameterFile.Save(_folder["no/p"], _layout, SmallRun.Floats(_layout.Count, 2))).Message,
            StringComparison.Ordinal);
    }

    private static ParameterLayout Other(string layer) => new(
    [
        (layer,
        [
            new("weight", new TensorShape(4, 3), ParameterKind.Weight, 3, 4),
            new("bias", new TensorShape(3), ParameterKind.Bias, 3, 4),
            new("gain", new TensorShape(1), ParameterKind.Scale, 3, 4),
        ], false),
    ]);
}
