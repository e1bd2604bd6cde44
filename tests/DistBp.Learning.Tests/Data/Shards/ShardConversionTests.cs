using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Learning.Tests.Data.Shards;

public sealed class ShardConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Steps => ["", "divide 255", "divide 3.7", "standardize", "minMax", "divide 255, standardize, minMax"];

    [Theory]
    [MemberData(nameof(Steps))]
    public void Bytes_have_the_same_bits_as_in_memory_whatever_is_done_to_them(string steps) =>
        ShardFolders.ShouldEqualMemory(_folder, ShardFolders.Npy(_folder, "u1", new TensorShape(3, 2), 11, i => i * 37 % 256, i => i % 3) with { Preprocess = Parse(steps) });

    [Theory]
    [MemberData(nameof(Steps))]
    public void Floats_have_the_same_bits_as_in_memory_with_every_part(string steps)
    {
        DataDescription data = ShardFolders.Npy(_folder, "f4", new TensorShape(5), 40, i => Math.Sin(i) * 100, i => i % 4, "i8");
        ShardFolders.ShouldEqualMemory(_folder, data with { Preprocess = Parse(steps), Validation = new Fraction(0.2), Test = new Fraction(0.1) });
    }

    [Fact]
    public void A_test_part_of_its_own_files_and_a_shape_go_along()
    {
        DataDescription data = ShardFolders.Npy(_folder, "f8", new TensorShape(6), 9, i => i * 0.1, i => i % 2);
        ShardFolders.ShouldEqualMemory(_folder, data with { Shape = new TensorShape(1, 2, 3), Test = data.Train, Preprocess = [new StandardizeStep()] });
    }

    [Fact]
    public void Values_are_targets_too() => ShardFolders.ShouldEqualMemory(
        _folder, ShardFolders.Npy(_folder, "f4", new TensorShape(2), 9, i => i * 0.1, i => i * 0.3, "f4"), TargetKind.Values);

    [Fact]
    public void Two_classes_are_targets_too() => ShardFolders.ShouldEqualMemory(
        _folder, ShardFolders.Npy(_folder, "f4", new TensorShape(2), 9, i => i * 0.1, i => i % 2), TargetKind.Binary);

    [Fact]
    public void An_autoencoder_needs_no_targets() => ShardFolders.ShouldEqualMemory(
        _folder, ShardFolders.Npy(_folder, "u1", new TensorShape(2, 2), 9, i => i * 7 % 256, null) with { Preprocess = [new DivideStep(255)] }, TargetKind.Input);

    [Fact]
    public void Sequences_of_different_lengths_keep_them_and_their_padding_takes_part_in_nothing()
    {
        DataDescription data = ShardFolders.Npy(_folder, "f4", new TensorShape(4, 2), 9, i => 1 + i * 0.7, i => i % 3);
        _folder.Write("lengths.txt", string.Join('\n', Enumerable.Range(0, 9).Select(i => 1 + i * 5 % 4)));
        ShardFolders.ShouldEqualMemory(_folder, data with { Train = new TensorFiles("x.npy", "y.npy", "lengths.txt"), Preprocess = [new StandardizeStep()] });
    }

    [Fact]
    public void The_digits_are_split_alike_and_stored_as_bytes()
    {
        var data = new DataDescription(DataFormat.Digits, null, new Fraction(0.2), new Fraction(0.1), null, [new DivideStep(16)], false);
        ShardFolders.ShouldEqualMemory(_folder, data, shardSamples: 500);
        ShardManifest manifest = ShardManifest.Load(Path.Combine(_folder.Path, "shards", "train"));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], manifest.ClassNames!);
        Assert.Equal(128 + 500 * 64, manifest.Shards[0].X.Bytes);
    }

    [Fact]
    public void Columns_of_words_are_converted_with_the_steps_that_make_them_numbers()
    {
        _folder.Write("a.csv", "a,color,y\n1,red,u\n2,blue,v\n,red,u\n4,green,v\n");
        var data = new DataDescription(
            DataFormat.Csv, new CsvFile("a.csv", "y", null), null, null, null, [new ImputeStep(ImputeStrategy.Median), new OneHotStep(["color"])], false);
        ShardFolders.ShouldEqualMemory(_folder, data);
        Assert.Equal([4], ShardManifest.Load(Path.Combine(_folder.Path, "shards", "train")).SampleShape);
    }

    [Fact]
    public void A_text_is_converted_as_its_windows()
    {
        _folder.Write("a.txt", "the quick brown fox jumps over the lazy dog, and the dog does not mind");
        ShardFolders.ShouldEqualMemory(_folder, new DataDescription(DataFormat.Text, new TextFile("a.txt", 5, 3), null, new Fraction(0.3), null, [], false));
    }

    [Fact]
    public void A_shard_is_a_file_that_numpy_reads_and_the_last_one_has_what_is_left()
    {
        ShardFolders.Convert(_folder, ShardFolders.Npy(_folder, "u1", new TensorShape(2), 7, i => i, i => i % 2), shardSamples: 3);
        string shards = Path.Combine(_folder.Path, "shards", "train");
        Assert.Equal([3, 3, 1], ShardManifest.Load(shards).Sizes);
        byte[] last = File.ReadAllBytes(Path.Combine(shards, "x-00002.npy"));
        Assert.Equal(TensorBytes.Npy("|u1", "(1, 2)", [12, 13]), last);
    }

    [Theory]
    [InlineData("f4", float.NaN, 0, "Element 1 is NaN.", "x.npy, sample 2")]
    [InlineData("u1", 5, 0.5, "The label 0.5 is not a class's index", "y.npy, sample 2")]
    public void A_bad_value_is_named_and_leaves_nothing_behind(string code, double x, double y, string what, string where)
    {
        DataDescription data = ShardFolders.Npy(_folder, code, new TensorShape(2), 4, i => i == 5 ? x : i, i => i == 2 ? y : i % 2, "f4");
        UserException error = Assert.Throws<UserException>(() => ShardFolders.Convert(_folder, data));
        Assert.StartsWith(what, error.Problems[0].What, StringComparison.Ordinal);
        Assert.EndsWith(where, error.Problems[0].Where, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "shards")));
    }

    [Fact]
    public void A_folder_that_has_something_is_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "shards"));
        string mine = _folder.Write("shards/mine", [1]);
        UserException error = Assert.Throws<UserException>(() => ShardFolders.Convert(_folder, ShardFolders.Npy(_folder, "u1", new TensorShape(2), 4, i => i, i => i % 2)));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.True(File.Exists(mine));
    }

    private static PreprocessStep[] Parse(string steps) => [.. steps.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(step => step switch
    {
        "standardize" => (PreprocessStep)new StandardizeStep(),
        "minMax" => new MinMaxStep(),
        _ => new DivideStep(double.Parse(step[7..], System.Globalization.CultureInfo.InvariantCulture)),
    })];
}
