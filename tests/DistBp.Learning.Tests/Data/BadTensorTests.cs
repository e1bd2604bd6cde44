using DistBp.Learning.Data;
using static DistBp.Learning.Tests.Data.TensorBytes;

namespace DistBp.Learning.Tests.Data;

public sealed class BadTensorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_truncated_idx_file_says_how_many_bytes_it_should_have() =>
        Refused(DataFormat.Idx, Idx(8, [10, 2], new byte[19]), "cut off", "[10, 2]", "32 bytes in all", "has 31");

    [Fact]
    public void A_truncated_gz_idx_file_is_refused_at_its_end() =>
        Refused(DataFormat.Idx, TemporaryFolder.Gzip(Idx(8, [10, 2], new byte[19])), "cut off", "[10, 2]");

    [Fact]
    public void A_header_that_declares_a_huge_array_allocates_nothing()
    {
        foreach (byte[] file in (byte[][])[Idx(8, [-1, -1, -1, -1], [0]), TemporaryFolder.Gzip(Idx(14, [-1, -1], [0]))])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Refused(DataFormat.Idx, file, "cut off");
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
        }
        Refused(DataFormat.Npy, Npy("<f8", "(9223372036854775807, 9223372036854775807, 2)", []), "cut off");
        Refused(DataFormat.Npy, Npy("<f8", "(9223372036854775808,)", []), "whole number");
    }

    [Fact]
    public void Data_after_the_declared_end_are_refused() =>
        Refused(DataFormat.Idx, Idx(8, [2, 2], new byte[5]), "goes on after", "[2, 2]");

    [Fact]
    public void A_damaged_gz_file_is_named_so()
    {
        byte[] file = TemporaryFolder.Gzip(Idx(8, [1000, 2], [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * i))]));
        file[10] ^= 0x06;
        Refused(DataFormat.Idx, file, "");
    }

    [Theory]
    [InlineData("93 4E 55 4D 50 59 01 00", "npy")]
    [InlineData("89 50 4E 47 0D 0A 1A 0A", "PNG")]
    [InlineData("50 4B 03 04 00 00 00 00", "zip")]
    [InlineData("31 2C 32 2C 33 0A 34 2C", "csv")]
    [InlineData("FF D8 FF E0 00 00 00 00", "JPEG")]
    public void A_file_that_is_not_idx_says_what_it_looks_like(string hex, string kind) =>
        Refused(DataFormat.Idx, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), "not an idx file", kind, hex[..2]);

    [Fact]
    public void An_idx_file_given_as_npy_says_what_to_set() =>
        Refused(DataFormat.Npy, Idx(8, [2, 2], new byte[4]), "not an npy file", "data.format: idx");

    [Fact]
    public void An_empty_file_is_named_so() => Refused(DataFormat.Idx, [], "empty");

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2, 1), }", "objects")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 1), }", "'<c8' is not read")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 1), }", "structured")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 1), }", "fortran_order")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 1), }", "whole number")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "missing")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", "twice")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), } x", "follows")]
    [InlineData("{'descr': '<f4", "string")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "single number")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1), }", "no samples")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", "no elements")]
    public void A_bad_npy_header_says_why(string dictionary, string expected) =>
        Refused(DataFormat.Npy, NpyOf(dictionary, Elements("f4", false, 1, 2)), expected);

    [Fact]
    public void A_long_npy_header_and_an_unknown_version_are_refused()
    {
        Refused(DataFormat.Npy, NpyOf("{" + new string(' ', 10_001) + "}", []), "longer than 10000");
        Refused(DataFormat.Npy, NpyOf("{}", [], version: 4), "version 4");
    }

    [Theory]
    [InlineData(double.NaN, "NaN", "impute")]
    [InlineData(double.PositiveInfinity, "Infinity", "correct")]
    public void NaN_and_infinity_name_the_sample(double value, string shown, string remedy) =>
        Refused(DataFormat.Npy, Npy("<f8", "(3, 2)", Elements("f8", false, 1, 2, 3, 4, 5, value)), "Element 1", shown, "sample 2", remedy);

    [Fact]
    public void Counts_that_differ_are_refused() =>
        RefusedPair(Idx(8, [3, 1], new byte[3]), Idx(8, [2], new byte[2]), TargetKind.Classes, "2 labels for 3 samples");

    [Theory]
    [InlineData(1.5, TargetKind.Classes, "1.5", "sample 1", "meanSquaredError")]
    [InlineData(-1, TargetKind.Classes, "-1", "sample 1", "index")]
    [InlineData(2, TargetKind.Binary, "2", "sample 1", "softmaxCrossEntropy")]
    [InlineData(double.NaN, TargetKind.Values, "NaN", "sample 1", "correct")]
    public void A_bad_label_names_its_sample(double label, TargetKind kind, params string[] expected) =>
        RefusedPair(Idx(8, [2, 1], [1, 2]), Idx(0x0D, [2], Elements("f4", true, 0, label)), kind, expected);

    [Fact]
    public void One_hot_labels_say_how_to_make_indices_of_them() =>
        RefusedPair(Idx(8, [2, 1], [1, 2]), Idx(8, [2, 3], new byte[6]), TargetKind.Classes, "[2, 3]", "argmax");

    [Fact]
    public void A_test_label_that_training_does_not_know_is_out_of_range()
    {
        _folder.Write("x", Idx(8, [2, 1], [1, 2]));
        _folder.Write("y", Idx(8, [2], [0, 1]));
        _folder.Write("ty", Idx(8, [2], [1, 7]));
        var description = new DataDescription(DataFormat.Idx, new TensorFiles("x", "y"), new TensorFiles("x", "ty"), null, null, [], false);
        Expect(() => DataLoader.Load(description, TargetKind.Classes, 1, _folder.Path), "7 is out of range", "0 to 1", "ty, sample 1");
    }

    [Fact]
    public void A_missing_fashion_file_says_how_to_get_it()
    {
        var description = new DataDescription(
            DataFormat.Idx, new TensorFiles("/nowhere/fashion-mnist/train-images-idx3-ubyte.gz", "y"), null, null, null, [], false);
        Expect(() => DataLoader.Load(description, TargetKind.Classes, 1, _folder.Path), "no such file",
            "apt-get install dataset-fashion-mnist");
    }

    [Fact]
    public void A_shape_that_does_not_fit_is_refused()
    {
        _folder.Write("x", Idx(8, [2, 4], new byte[8]));
        var description = new DataDescription(DataFormat.Idx, new TensorFiles("x", null), null, null, new TensorShape(1, 3, 3), [], true);
        Expect(() => DataLoader.Load(description, TargetKind.Input, 1, _folder.Path), "[1, 3, 3] has 9", "sample has 4", "data.shape");
    }

    private void Refused(DataFormat format, byte[] file, params string[] expected)
    {
        _folder.Write("x", file);
        var description = new DataDescription(format, new TensorFiles("x", null), null, null, null, [], true);
        Expect(() => DataLoader.Load(description, TargetKind.Input, 1, _folder.Path), [.. expected, Path.Combine(_folder.Path, "x")]);
    }

    private void RefusedPair(byte[] x, byte[] y, TargetKind kind, params string[] expected)
    {
        _folder.Write("x", x);
        _folder.Write("y", y);
        var description = new DataDescription(DataFormat.Idx, new TensorFiles("x", "y"), null, null, null, [], false);
        Expect(() => DataLoader.Load(description, kind, 1, _folder.Path), expected);
    }

    private static void Expect(Action load, params string[] expected)
    {
        var problem = Assert.Throws<UserException>(load);
        Assert.Equal(ErrorKind.Data, problem.Kind);
        foreach (string part in expected) Assert.Contains(part, problem.Message, StringComparison.Ordinal);
    }
}
