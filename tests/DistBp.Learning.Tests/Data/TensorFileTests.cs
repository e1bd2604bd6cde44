using DistBp.Learning.Data;
using static DistBp.Learning.Tests.Data.TensorBytes;

namespace DistBp.Learning.Tests.Data;

public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("b1", "|", 0, 1)]
    [InlineData("u1", "|", 0, 255)]
    [InlineData("i1", "|", -128, 127)]
    [InlineData("u2", "<", 0, 65535)]
    [InlineData("u2", ">", 0, 65535)]
    [InlineData("i2", ">", -32768, 515)]
    [InlineData("u4", "<", 7, 16777216)]
    [InlineData("i4", "<", -5, 77777)]
    [InlineData("i4", ">", -5, 77777)]
    [InlineData("u8", ">", 9, 123456)]
    [InlineData("i8", "<", -1, 123456)]
    [InlineData("i8", "=", -1, 123456)]
    [InlineData("f2", "<", -1.5, 0.25)]
    [InlineData("f2", ">", -1.5, 0.25)]
    [InlineData("f4", "<", -1.5, 0.1f)]
    [InlineData("f4", ">", -1.5, 0.1f)]
    [InlineData("f8", "<", -1.5, 0.25)]
    [InlineData("f8", ">", -1.5, 0.25)]
    public void Every_npy_type_and_byte_order_is_read(string code, string order, double first, double second)
    {
        byte[] file = Npy(order + code, "(2, 1)", Elements(code, order == ">", first, second));
        Assert.Equal([(float)first, (float)second], Samples(DataFormat.Npy, file));
        Assert.Equal([(float)first, (float)second], Samples(DataFormat.Npy, TemporaryFolder.Gzip(file)));
    }

    [Theory]
    [InlineData(0x08, "u1")]
    [InlineData(0x09, "i1")]
    [InlineData(0x0B, "i2")]
    [InlineData(0x0C, "i4")]
    [InlineData(0x0D, "f4")]
    [InlineData(0x0E, "f8")]
    public void Every_idx_type_is_read(byte type, string code)
    {
        byte[] file = Idx(type, [2, 2], Elements(code, true, 1, 2, 3, 100));
        Assert.Equal([1f, 2, 3, 100], Samples(DataFormat.Idx, file));
        Assert.Equal([1f, 2, 3, 100], Samples(DataFormat.Idx, TemporaryFolder.Gzip(file)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_npy_version_is_read_and_keys_stand_in_any_order(int version)
    {
        byte[] file = NpyOf("{\"shape\": (2,2), \"descr\":\"<f4\", 'fortran_order': False}", Elements("f4", false, 1, 2, 3, 4), version);
        Assert.Equal([1f, 2, 3, 4], Samples(DataFormat.Npy, file));
    }

    [Fact]
    public void Fortran_order_is_read_as_the_same_array()
    {
        // NumPy: a[i, j, k] = 100 i + 10 j + k of shape (2, 3, 2), stored with the first index fastest.
        var stored = new List<double>();
        for (int k = 0; k < 2; k++)
            for (int j = 0; j < 3; j++)
                for (int i = 0; i < 2; i++)
                    stored.Add((100 * i) + (10 * j) + k);
        float[] samples = Samples(DataFormat.Npy, Npy("<f4", "(2, 3, 2)", Elements("f4", false, [.. stored]), fortran: true));
        Assert.Equal([0f, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121], samples);
    }

    [Fact]
    public void A_mini_mnist_has_shapes_labels_and_classes()
    {
        _folder.Write("x.gz", TemporaryFolder.Gzip(Idx(8, [3, 2, 2], [0, 51, 102, 153, 255, 0, 0, 0, 1, 2, 3, 4])));
        _folder.Write("y.gz", TemporaryFolder.Gzip(Idx(8, [3], [2, 0, 1])));
        var description = new DataDescription(
            DataFormat.Idx, new TensorFiles("x.gz", "y.gz"), null, null, new TensorShape(1, 2, 2), [new DivideStep(255)], false);
        TrainingData data = DataLoader.Load(description, TargetKind.Classes, 1, _folder.Path);
        Assert.Equal(new TensorShape(1, 2, 2), data.Train.SampleShape);
        Assert.Equal(new TensorShape(), data.Train.TargetShape);
        Assert.Equal([0f, 0.2f, 0.4f, 0.6f], data.Train.Samples.Span[..4].ToArray());
        Assert.Equal([2f, 0, 1], data.Train.Targets.Span.ToArray());
        Assert.Equal(3, data.Schema.ClassCount);
        Assert.Null(data.Schema.ClassNames);
    }

    [Fact]
    public void An_autoencoder_has_the_preprocessed_input_as_its_target()
    {
        _folder.Write("x", Idx(8, [2, 2], [0, 255, 51, 102]));
        TrainingData data = DataLoader.Load(
            new DataDescription(DataFormat.Idx, new TensorFiles("x", null), null, null, null, [new DivideStep(255)], true),
                TargetKind.Values, 1, _folder.Path);
        Assert.Same(data.Train.Samples, data.Train.Targets);
        Assert.Equal(data.Train.SampleShape, data.Train.TargetShape);
        Assert.Equal(TargetKind.Input, data.Schema.Target);
    }

    [Fact]
    public void Several_values_and_several_binary_columns_are_kept()
    {
        _folder.Write("x", Npy("<f4", "(2, 1)", Elements("f4", false, 1, 2)));
        _folder.Write("y", Npy("|b1", "(2, 3)", [0, 1, 1, 1, 0, 0]));
        var description = new DataDescription(DataFormat.Npy, new TensorFiles("x", "y"), null, null, null, [], false);
        Assert.Equal(new TensorShape(3), DataLoader.Load(description, TargetKind.Binary, 1, _folder.Path).Train.TargetShape);
        Assert.Equal([0f, 1, 1, 1, 0, 0], DataLoader.Load(description, TargetKind.Values, 1, _folder.Path).Train.Targets.Span.ToArray());
    }

    private float[] Samples(DataFormat format, byte[] file)
    {
        _folder.Write("x", file);
        TrainingData data = DataLoader.Load(
            new DataDescription(format, new TensorFiles("x", null), null, null, null, [], true), TargetKind.Input, 1, _folder.Path);
        return data.Train.Samples.Span.ToArray();
    }
}
