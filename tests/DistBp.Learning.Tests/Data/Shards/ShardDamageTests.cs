using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Learning.Tests.Data.Shards;

public sealed class ShardDamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataDescription _data;
    private readonly string _shards;

    public ShardDamageTests()
    {
        _data = ShardFolders.Convert(_folder, ShardFolders.Npy(_folder, "f4", new TensorShape(3), 10, i => i, i => i % 3)).Data;
        _shards = Path.Combine(_folder.Path, "shards", "train");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_and_cut_off_shards_are_all_named_before_anything_is_read()
    {
        File.Delete(Path.Combine(_shards, "x-00001.npy"));
        using (FileStream file = File.OpenWrite(Path.Combine(_shards, "y-00002.npy"))) file.SetLength(file.Length - 1);
        UserException error = Assert.Throws<UserException>(Load);
        Assert.Equal(ErrorKind.Data, error.Kind);
        Assert.Equal(["The file is missing.", "The shard is damaged: it has 129 bytes, and the manifest says 130."], error.Problems.Select(p => p.What));
        Assert.Equal([Path.Combine(_shards, "x-00001.npy"), Path.Combine(_shards, "y-00002.npy")], error.Problems.Select(p => p.Where));
    }

    [Fact]
    public void Another_content_is_found_when_the_shard_is_touched()
    {
        string path = Path.Combine(_shards, "x-00001.npy");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Dataset train = Load().Train;
        float[] samples = new float[3], targets = new float[1];
        train.Gather([3], samples, targets);
        Assert.Equal([9f, 10, 11], samples);
        UserException error = Assert.Throws<UserException>(() => train.Gather([4], samples, targets));
        Assert.Equal((ErrorKind.Data, path), (error.Kind, error.Problems[0].Where));
        Assert.Contains("SHA-256", error.Problems[0].What, StringComparison.Ordinal);
        ShardInspection inspection = Assert.Single(ShardInspection.Of(Path.Combine(_folder.Path, "shards"), verify: true));
        Assert.Equal(path, Assert.Single(inspection.Damage).Where);
        Assert.Empty(Assert.Single(ShardInspection.Of(_shards, verify: false)).Damage);
    }

    [Fact]
    public void A_label_that_is_no_class_and_an_infinite_element_are_named_with_their_sample()
    {
        Replace("y-00000.npy", [0, 1, 9, 0]);
        Replace("x-00001.npy", [.. Enumerable.Repeat(0f, 7), float.PositiveInfinity, .. Enumerable.Repeat(0f, 4)]);
        Problem[] damage = [.. Assert.Single(ShardInspection.Of(_shards, verify: true)).Damage];
        Assert.Equal(["The label 9 is none of the classes 0 to 2.", $"An element is {float.PositiveInfinity}."], damage.Select(d => d.What));
        Assert.EndsWith("y-00000.npy, sample 2", damage[0].Where, StringComparison.Ordinal);
        Assert.EndsWith("x-00001.npy, sample 2", damage[1].Where, StringComparison.Ordinal);
        Assert.Throws<UserException>(() => Load().Train.Copy(0, 1, new float[3], new float[1]));
    }

    [Theory]
    [InlineData("\"samples\": 10", "\"samples\": 11", "do not have 11 samples")]
    [InlineData("\"version\": 1", "\"version\": 2", "has version 2")]
    [InlineData("\"x-00000.npy\"", "\"../x-00000.npy\"", "is not the name of a file in its folder")]
    [InlineData("\"x-00000.npy\"", "\"y-00000.npy\"", "a file is listed twice")]
    [InlineData("\"classes\": 3", "\"classes\": 0", "0 classes of Classes")]
    [InlineData("distbp shards", "other shards", "its format is 'other shards'")]
    [InlineData("\"samples\": 10,", "\"samples\": 10, \"color\": 1,", "damaged")]
    [InlineData("[\n    3\n  ]", "[\n    4\n  ]", "It holds [4, 3], and the manifest says [4, 4].")]
    [InlineData("}", "", "damaged")]
    public void A_damaged_manifest_says_what_is_wrong(string right, string wrong, string what)
    {
        string path = Path.Combine(_shards, "manifest.json"), text = File.ReadAllText(path);
        Assert.Contains(right, text, StringComparison.Ordinal);
        int at = text.IndexOf(right, StringComparison.Ordinal);
        File.WriteAllText(path, string.Concat(text.AsSpan(0, at), wrong, text.AsSpan(at + right.Length)));
        UserException error = Assert.Throws<UserException>(() => Load().Train.Copy(0, 1, new float[4], new float[1]));
        Assert.Equal(ErrorKind.Data, error.Kind);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_above_the_parts_is_told_from_a_folder_of_shards()
    {
        DataDescription above = _data with { Train = new ShardFolder(Path.Combine(_folder.Path, "shards")) };
        UserException error = Assert.Throws<UserException>(() => DataLoader.Load(above, TargetKind.Classes, 1, _folder.Path));
        Assert.Equal($"did you mean {_shards}?", error.Problems[0].Remedy);
    }

    [Fact]
    public void A_loss_that_does_not_fit_the_targets_is_refused() =>
        Assert.Contains("3 classes", Assert.Throws<UserException>(() => DataLoader.Load(_data, TargetKind.Values, 1, _folder.Path)).Message, StringComparison.Ordinal);

    [Fact]
    public void Steps_that_need_all_samples_fractions_and_folds_are_refused()
    {
        Assert.Contains("impute needs all samples in memory", Refused(_data with { Preprocess = [new ImputeStep(ImputeStrategy.Mean)] }), StringComparison.Ordinal);
        Assert.Contains("No part is split off shards", Refused(_data with { Test = new Fraction(0.5) }), StringComparison.Ordinal);
        Assert.Contains("not cut into folds", Assert.Throws<UserException>(
            () => DataLoader.Load(_data, TargetKind.Classes, 1, _folder.Path, new Fold(0, 2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_locator_is_asked_for_a_shard_only_when_it_is_touched()
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_folder.Path, "elsewhere")).FullName;
        foreach (string file in Directory.GetFiles(_shards, "*.npy")) File.Move(file, Path.Combine(elsewhere, Path.GetFileName(file)));
        var asked = new List<string>();
        Dataset train = DataLoader.Load(_data, TargetKind.Classes, 1, _folder.Path, locate: (folder, file) =>
        {
            Assert.Equal(_shards, folder);
            asked.Add(file.File);
            return Path.Combine(elsewhere, file.File);
        }).Train;
        Assert.Empty(asked);
        for (int i = 0; i < 2; i++) train.Gather([5, 6], new float[6], new float[2]);
        Assert.Equal(["x-00001.npy", "y-00001.npy"], asked);
    }

    private string Refused(DataDescription data) => Assert.Throws<UserException>(() => DataLoader.Load(data, TargetKind.Classes, 1, _folder.Path)).Message;

    private TrainingData Load() => DataLoader.Load(_data, TargetKind.Classes, 1, _folder.Path);

    /// <summary>Other values in a file of 4 rows, and its hash in the manifest.</summary>
    private void Replace(string name, float[] values)
    {
        string path = Path.Combine(_shards, name), manifest = Path.Combine(_shards, "manifest.json");
        byte[] bytes = File.ReadAllBytes(path);
        string before = FileHashes.Sha256(path);
        byte[] data = bytes.Length - 128 == values.Length ? [.. values.Select(v => (byte)v)] : [.. values.SelectMany(BitConverter.GetBytes)];
        data.CopyTo(bytes, 128);
        File.WriteAllBytes(path, bytes);
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace(before, FileHashes.Sha256(path), StringComparison.Ordinal));
    }
}
