using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Tests.Storage;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Checkpoints => _folder["checkpoints"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_saved_comes_back_bit_for_bit()
    {
        CheckpointContent content = SmallRun.Content(1200, best: true);
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 2).Save(content);
        Assert.Equal(Path.Combine(Checkpoints, "step-000001200"), folder);
        Assert.Equal(
            ["best.safetensors", "manifest.json", "optimizer-00000-of-00002.safetensors", "optimizer-00001-of-00002.safetensors", "parameters.safetensors"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order());

        CheckpointSearch search = CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact(SmallRun.Identity());
        Assert.Empty(search.Damaged);
        Checkpoint found = search.Checkpoint!;
        Assert.Equal(content.Position, found.Position);
        foreach ((string name, double value) in content.Coordinator)
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(found.Manifest.Coordinator[name]));
        var parameters = new float[content.Identity.Layout.Count];
        found.LoadParameters(content.Identity.Layout, parameters);
        Assert.Equal(content.Parameters.ToArray(), parameters);
        Assert.True(found.Manifest.HasBest);
        found.LoadBest(content.Identity.Layout, parameters);
        Assert.Equal(content.Best.ToArray(), parameters);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void The_optimizer_state_of_any_number_of_servers_loads_into_any_other(int writers)
    {
        ParameterLayout layout = SmallRun.Layout(inputs: 33);
        int trained = layout.TrainedCount;
        float[][] states = [SmallRun.Floats(trained, 1), SmallRun.Floats(trained, 2)];
        int[] ends = [.. Enumerable.Range(1, writers).Select(i => i == writers ? trained : (trained * i / writers) + (i % 2))];
        CheckpointContent content = SmallRun.Content(1, SmallRun.Identity(layout)) with { Optimizer = SmallRun.Shards(states, ends) };
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(content);
        Assert.Equal(writers, Directory.GetFiles(folder, $"optimizer-0000?-of-0000{writers}.safetensors").Length);
        Checkpoint found = CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact().Checkpoint!;
        foreach (int servers in new[] { 1, 2, 3, 5 })
        {
            for (int server = 0; server < servers; server++)
            {
                int begin = trained * server / servers, end = trained * (server + 1) / servers;
                float[][] loaded = [new float[end - begin], new float[end - begin]];
                found.LoadOptimizer(begin, end - begin, [loaded[0], loaded[1]]);
                Assert.Equal(states[0][begin..end], loaded[0]);
                Assert.Equal(states[1][begin..end], loaded[1]);
            }
        }
    }

    [Fact]
    public void An_optimizer_without_state_has_no_optimizer_files()
    {
        CheckpointIdentity identity = SmallRun.Identity() with { OptimizerKind = "sgd", OptimizerStates = [] };
        CheckpointContent content = SmallRun.Content(1) with { Identity = identity, Optimizer = [new OptimizerShard(0, 15, [])] };
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(content);
        Assert.Equal(2, Directory.GetFiles(folder).Length);
        CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact(identity).Checkpoint!.LoadOptimizer(0, 15, []);
    }

    [Fact]
    public void Residuals_come_back_bit_for_bit_and_only_those_that_are_asked_for()
    {
        SubtreeResidual[] residuals = SmallRun.Residuals(15);
        CheckpointContent content = SmallRun.Content(7) with { Residuals = residuals };
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(content);
        Assert.Equal(2, Directory.GetFiles(folder, "residuals-0000?-of-00002.safetensors").Length);
        Checkpoint found = CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact().Checkpoint!;
        SubtreeResidual only = Assert.Single(found.LoadResiduals(s => s.First == 2, 15));
        Assert.Equal((residuals[1].Subtree, residuals[1].Samples), (only.Subtree, only.Samples));
        Assert.Equal(residuals[1].Values.ToArray(), only.Values.ToArray());
        UserException e = Assert.Throws<UserException>(() => found.LoadResiduals(_ => true, 16).ToList());
        Assert.Equal(ErrorKind.Checkpoint, e.Kind);
    }

    [Fact]
    public void A_checkpoint_of_a_version_that_had_no_residuals_loads_as_one_without_any()
    {
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(SmallRun.Content(7));
        Assert.DoesNotContain("residuals", File.ReadAllText(Path.Combine(folder, "manifest.json")), StringComparison.Ordinal);
        Checkpoint found = CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact(SmallRun.Identity()).Checkpoint!;
        Assert.Empty(found.Manifest.ResidualFiles);
        Assert.Empty(found.LoadResiduals(_ => true, 15));
    }

    [Fact]
    public void Each_flipped_byte_of_each_file_is_detected()
    {
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(SmallRun.Content(3, best: true) with { Residuals = SmallRun.Residuals(15) });
        Assert.NotNull(Checkpoint.Verify(folder).Checkpoint);
        int positions = 0;
        foreach (string path in Directory.GetFiles(folder))
        {
            byte[] bytes = File.ReadAllBytes(path);
            for (int i = 0; i < bytes.Length; i++, positions++)
            {
                byte mask = (byte)(1 << (i % 8));
                bytes[i] ^= mask;
                File.WriteAllBytes(path, bytes);
                (Checkpoint? checkpoint, string why) = Checkpoint.Verify(folder);
                Assert.True(checkpoint is null, $"byte {i} of {path} flipped unseen");
                Assert.Contains(Path.GetFileName(path), why, StringComparison.Ordinal);
                bytes[i] ^= mask;
            }
            File.WriteAllBytes(path, bytes);
        }
        Assert.True(positions > 2000);
        Assert.NotNull(Checkpoint.Verify(folder).Checkpoint);
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("parameters.safetensors")]
    [InlineData("optimizer-00001-of-00002.safetensors")]
    public void A_file_that_is_missing_shorter_or_longer_is_named(string name)
    {
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(SmallRun.Content(3));
        string path = Path.Combine(folder, name);
        byte[] bytes = File.ReadAllBytes(path);
        foreach (byte[] damaged in (byte[][])[[], bytes[..^1], [.. bytes, 0], bytes[..(bytes.Length / 2)]])
        {
            File.WriteAllBytes(path, damaged);
            Assert.Contains(name, Checkpoint.Verify(folder).Why, StringComparison.Ordinal);
        }
        File.Delete(path);
        Assert.Equal($"{name} is missing", Checkpoint.Verify(folder).Why);
    }

    [Fact]
    public void Files_that_the_manifest_does_not_name_are_ignored()
    {
        string folder = CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(SmallRun.Content(3));
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "mine");
        Directory.CreateDirectory(Path.Combine(Checkpoints, "step-final"));
        Assert.Equal(3, CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
    }

    [Fact]
    public void The_one_before_a_damaged_one_is_used_and_the_damaged_one_named()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        store.Save(SmallRun.Content(100));
        string newest = store.Save(SmallRun.Content(200));
        Flip(newest, "parameters.safetensors");
        CheckpointSearch search = CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact(SmallRun.Identity());
        Assert.Equal(100, search.Checkpoint!.Position.Step);
        DamagedCheckpoint damaged = Assert.Single(search.Damaged);
        Assert.Equal(newest, damaged.Folder);
        Assert.Equal("parameters.safetensors does not match its SHA-256", damaged.Why);
    }

    [Fact]
    public void When_all_are_damaged_each_is_named_and_the_exit_code_is_6()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        Flip(store.Save(SmallRun.Content(100)), "manifest.json");
        Flip(store.Save(SmallRun.Content(200)), "optimizer-00000-of-00002.safetensors");
        UserException e = Assert.Throws<UserException>(() => CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact());
        Assert.Equal(6, (int)e.Kind);
        Assert.Equal(["step-000000200", "step-000000100"], e.Problems.Select(p => Path.GetFileName(p.Where)));
    }

    [Fact]
    public void No_checkpoint_at_all_is_not_an_error()
    {
        Assert.Null(CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact().Checkpoint);
        Assert.False(Directory.Exists(Checkpoints));
        Assert.Null(CheckpointStore.OpenForWriting(Checkpoints, keep: 1).FindNewestIntact().Checkpoint);
    }

    [Fact]
    public void The_newest_are_kept_by_step_not_by_name()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 2);
        foreach (long step in (long[])[5, 999_999_999, 1_000_000_000, 1_000_000_001]) store.Save(SmallRun.Content(step));
        Assert.Equal(["step-1000000001", "step-1000000000"], store.NewestFirst().Select(Path.GetFileName));
    }

    [Fact]
    public void A_good_one_is_not_rotated_away_because_of_damaged_newer_ones()
    {
        CheckpointStore first = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        first.Save(SmallRun.Content(100));
        Flip(first.Save(SmallRun.Content(200)), "manifest.json");
        Flip(first.Save(SmallRun.Content(300)), "parameters.safetensors");
        CheckpointStore resumed = CheckpointStore.OpenForWriting(Checkpoints, keep: 2);
        resumed.FindNewestIntact();
        resumed.Save(SmallRun.Content(150));
        Assert.Equal([300L, 200, 150, 100], Steps(resumed));
        resumed.Save(SmallRun.Content(200));
        Assert.Equal([300L, 200, 150], Steps(resumed));
        resumed.Save(SmallRun.Content(300));
        Assert.Equal([300L, 200], Steps(resumed));
        Assert.All(resumed.NewestFirst(), f => Assert.NotNull(Checkpoint.Verify(f).Checkpoint));
    }

    [Fact]
    public void A_kill_in_the_middle_of_writing_leaves_the_one_before_and_is_cleared_away()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        string good = store.Save(SmallRun.Content(100));
        string half = Path.Combine(Checkpoints, ".writing-step-000000200");
        Directory.CreateDirectory(half);
        File.WriteAllBytes(Path.Combine(half, "parameters.safetensors"), [1, 2, 3]);
        Assert.Equal(100, CheckpointStore.OpenForReading(Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
        Assert.True(Directory.Exists(half));
        CheckpointStore again = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        Assert.False(Directory.Exists(half));
        Assert.Equal([good], again.NewestFirst());
    }

    [Fact]
    public void A_kill_between_the_two_renames_of_a_replacement_gives_the_old_one_back()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        string folder = store.Save(SmallRun.Content(100));
        Directory.Move(folder, Path.Combine(Checkpoints, ".replaced-step-000000100"));
        Directory.CreateDirectory(Path.Combine(Checkpoints, ".writing-step-000000100"));
        Assert.Equal(100, CheckpointStore.OpenForWriting(Checkpoints, keep: 3).FindNewestIntact().Checkpoint!.Position.Step);
        Assert.Equal([folder], Directory.GetFileSystemEntries(Checkpoints));
    }

    [Fact]
    public void A_checkpoint_of_the_same_step_is_replaced()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 3);
        string folder = store.Save(SmallRun.Content(100, best: true));
        Flip(folder, "manifest.json");
        store.Save(SmallRun.Content(100));
        Assert.False(store.FindNewestIntact().Checkpoint!.Manifest.HasBest);
        Assert.Equal([folder], Directory.GetFileSystemEntries(Checkpoints));
    }

    [Fact]
    public void A_write_of_the_same_step_that_fails_leaves_the_intact_one_as_it_was()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 1);
        string folder = store.Save(SmallRun.Content(100));
        byte[][] first = [.. Files(folder)];
        store.IsGivenUp = () => true;
        Assert.Throws<UserException>(() => store.Save(SmallRun.Content(100, best: true)));
        Assert.Equal(first, Files(folder));
        store.IsGivenUp = () => false;
        // In the way of the old one's stepping aside.
        File.WriteAllText(Path.Combine(Checkpoints, ".replaced-step-000000100"), "");
        Assert.Throws<UserException>(() => store.Save(SmallRun.Content(100, best: true)));
        Assert.Equal(first, Files(folder));
        Assert.Equal(100, store.FindNewestIntact().Checkpoint!.Position.Step);
        File.Delete(Path.Combine(Checkpoints, ".replaced-step-000000100"));
        Assert.NotEqual(first, Files(store.Save(SmallRun.Content(100, best: true))));
        Assert.Equal([folder], Directory.GetFileSystemEntries(Checkpoints));
    }

    [Fact]
    public void Old_checkpoints_that_cannot_be_deleted_cost_no_new_one()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 1);
        store.Save(SmallRun.Content(100));
        // In the way of its renaming, which comes before its deletion.
        File.WriteAllText(Path.Combine(Checkpoints, ".writing-step-000000100"), "");
        string folder = store.Save(SmallRun.Content(200));
        Assert.NotNull(Checkpoint.Verify(folder).Checkpoint);
        Assert.NotNull(store.Leftover);
        Assert.Equal([200, 100], Steps(store));
        File.Delete(Path.Combine(Checkpoints, ".writing-step-000000100"));
        store.Save(SmallRun.Content(300));
        Assert.Null(store.Leftover);
        Assert.Equal([300], Steps(store));
    }

    [Fact]
    public void A_checkpoint_that_is_read_still_stays_until_the_next_rotation()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 1);
        string read = store.Save(SmallRun.Content(100));
        store.IsHeld = folder => folder == read;
        store.Save(SmallRun.Content(200));
        store.Save(SmallRun.Content(300));
        Assert.Equal([300, 100], Steps(store));
        store.IsHeld = _ => false;
        store.Save(SmallRun.Content(400));
        Assert.Equal([400], Steps(store));
    }

    [Fact]
    public void A_checkpoint_of_another_job_is_refused_with_what_differs()
    {
        CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(SmallRun.Content(100));
        CheckpointStore store = CheckpointStore.OpenForReading(Checkpoints);
        AssertDiffers(SmallRun.Identity(seed: 2), "seed: got 1, expected 2");
        AssertDiffers(SmallRun.Identity(slices: 8), "slices: got 4, expected 8");
        AssertDiffers(SmallRun.Identity(SmallRun.Layout(inputs: 5)), "parameter 1: got dense.weight [3, 4], expected dense.weight [3, 5]");
        AssertDiffers(SmallRun.Identity() with { OptimizerKind = "sgd", OptimizerStates = [] }, "optimizer: got adam, expected sgd");
        AssertDiffers(SmallRun.Identity() with { JobHash = "other" }, "hash of the job: got job-hash, expected other");
        Assert.NotNull(store.FindNewestIntact(SmallRun.Identity() with { JobHash = "" }).Checkpoint);

        void AssertDiffers(CheckpointIdentity expected, string difference)
        {
            UserException e = Assert.Throws<UserException>(() => store.FindNewestIntact(expected));
            Assert.Equal(ErrorKind.Usage, e.Kind);
            Assert.Contains(difference, Assert.Single(e.Problems).What, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Shards_with_a_hole_are_not_written()
    {
        CheckpointContent content = SmallRun.Content(1);
        Assert.Throws<ArgumentException>(() =>
            CheckpointStore.OpenForWriting(Checkpoints, keep: 1).Save(content with { Optimizer = [content.Optimizer[1]] }));
        Assert.Empty(CheckpointStore.OpenForReading(Checkpoints).NewestFirst());
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named_and_the_old_checkpoint_kept()
    {
        CheckpointStore store = CheckpointStore.OpenForWriting(Checkpoints, keep: 1);
        store.Save(SmallRun.Content(100));
        // A file where the new folder would go: refused to root too, whom permissions do not stop.
        File.WriteAllText(Path.Combine(Checkpoints, ".writing-step-000000200"), "");
        UserException e = Assert.Throws<UserException>(() => store.Save(SmallRun.Content(200)));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("step 200", e.Message, StringComparison.Ordinal);
        Assert.Contains(Checkpoints, e.Message, StringComparison.Ordinal);
        Assert.Equal(100, store.FindNewestIntact().Checkpoint!.Position.Step);
    }

    [Fact]
    public void A_full_disk_is_told_with_the_bytes_needed_and_costs_no_old_checkpoint()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 256);
        if (disk is null) return;
        CheckpointStore store = CheckpointStore.OpenForWriting(disk["checkpoints"], keep: 1);
        store.Save(SmallRun.Content(100));
        CheckpointIdentity large = SmallRun.Identity(SmallRun.Layout(inputs: 20_000));
        UserException e = Assert.Throws<UserException>(() => store.Save(SmallRun.Content(200, large)));
        Assert.Contains(store.Folder, e.Message, StringComparison.Ordinal);
        Assert.Contains("720,048 bytes are needed", e.Message, StringComparison.Ordinal);
        Assert.Equal(100, store.FindNewestIntact(SmallRun.Identity()).Checkpoint!.Position.Step);
        Assert.Single(Directory.GetFileSystemEntries(store.Folder));
        store.Save(SmallRun.Content(300));
    }

    [Fact]
    public void A_disk_that_is_full_after_any_page_costs_no_old_checkpoint()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 512);
        if (disk is null) return;
        CheckpointIdentity identity = SmallRun.Identity(SmallRun.Layout(inputs: 1000));
        CheckpointStore store = CheckpointStore.OpenForWriting(disk["checkpoints"], keep: 1);
        byte[][] good = [.. Files(store.Save(SmallRun.Content(100, identity, best: true)))];
        int pages = 0;
        for (; !TrySave(100, pages); pages++)
        {
            Assert.False(TrySave(200, pages));
            Assert.Equal(good, Files(Assert.Single(Directory.GetFileSystemEntries(store.Folder))));
        }
        Assert.InRange(pages, 10, 60);
        Assert.Equal(good, Files(Assert.Single(Directory.GetFileSystemEntries(store.Folder))));

        bool TrySave(long step, int freePages)
        {
            disk.Fill(free: freePages * 4096);
            try
            {
                store.Save(SmallRun.Content(step, identity, best: true));
                return true;
            }
            catch (UserException e)
            {
                Assert.Contains("bytes are needed there", e.Message, StringComparison.Ordinal);
                return false;
            }
            finally
            {
                disk.Free();
            }
        }
    }

    [Fact]
    public void A_folder_that_has_become_read_only_is_named_and_costs_no_old_checkpoint()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 256);
        if (disk is null) return;
        CheckpointStore store = CheckpointStore.OpenForWriting(disk["checkpoints"], keep: 1);
        byte[][] good = [.. Files(store.Save(SmallRun.Content(100)))];
        disk.MakeReadOnly();
        UserException e = Assert.Throws<UserException>(() => store.Save(SmallRun.Content(200)));
        Assert.Contains("read-only", e.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("make the folder writable", e.Message, StringComparison.Ordinal);
        Assert.Equal(good, Files(CheckpointStore.OpenForReading(store.Folder).FindNewestIntact().Checkpoint!.Folder));
        disk.MakeWritable();
        store.Save(SmallRun.Content(300));
    }

    private static IEnumerable<long> Steps(CheckpointStore store) =>
        store.NewestFirst().Select(f => long.Parse(Path.GetFileName(f).AsSpan("step-".Length), provider: null));

    /// <summary>All that is in it, in the order of the names.</summary>
    internal static IEnumerable<byte[]> Files(string folder) => Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private static void Flip(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
