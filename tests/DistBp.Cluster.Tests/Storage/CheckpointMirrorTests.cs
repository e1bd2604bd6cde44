using System.Collections.Concurrent;
using System.Diagnostics;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

public sealed class CheckpointMirrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _warnings = [];

    private string First => _folder["first/checkpoints"];

    private string Second => _folder["second/run"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_finished_checkpoint_is_copied_byte_for_byte_and_as_many_are_kept()
    {
        await using CheckpointPlaces places = Open(keep: 2);
        string folder = "";
        foreach (long step in new[] { 100, 200, 300 })
        {
            folder = Save(places, step);
            await places.FinishAsync();
        }
        Assert.Equal(Names(First), Names(Second));
        Assert.Equal(["step-000000200", "step-000000300"], Names(Second));
        foreach (string file in Directory.GetFiles(folder))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(Second, "step-000000300", Path.GetFileName(file))));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Of_checkpoints_that_finish_while_one_is_copied_the_newest_follows()
    {
        await using CheckpointPlaces places = Open(keep: 1);
        for (long step = 1; step <= 50; step++) Save(places, step);
        await places.FinishAsync();
        Assert.Equal(["step-000000050"], Names(Second));
        Assert.NotNull(Checkpoint.Verify(Path.Combine(Second, "step-000000050")).Checkpoint);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task The_newest_intact_one_of_both_places_is_found()
    {
        await using (CheckpointPlaces places = Open(keep: 3))
        {
            foreach (long step in new[] { 100, 200, 300 })
            {
                Save(places, step);
                await places.FinishAsync();
            }
        }
        Assert.Equal((300, First), Found(0));
        Flip(First, 300);
        Assert.Equal((300, Second), Found(1));
        Flip(Second, 300);
        Assert.Equal((200, First), Found(2));
        Directory.Delete(Path.Combine(First, "step-000000200"), recursive: true);
        Assert.Equal((200, Second), Found(2));
        Directory.Delete(First, recursive: true);
        Assert.Equal((200, Second), Found(1));
        foreach (long step in new[] { 100, 200 }) Flip(Second, step);
        UserException e = Assert.Throws<UserException>(() => CheckpointPlaces.FindNewestIntact(First, Second));
        Assert.Equal((ErrorKind.Checkpoint, 3), (e.Kind, e.Problems.Count));

        (long, string) Found(int damaged)
        {
            CheckpointSearch search = CheckpointPlaces.FindNewestIntact(First, Second);
            Assert.Equal(damaged, search.Damaged.Count);
            return (search.Checkpoint!.Position.Step, Path.GetDirectoryName(search.Checkpoint.Folder)!);
        }
    }

    [Fact]
    public async Task A_mirror_that_fails_is_a_warning_with_bytes_and_remedy_and_is_tried_again()
    {
        Directory.CreateDirectory(_folder["second"]);
        File.WriteAllText(Second, "in the way");
        await using CheckpointPlaces places = Open(keep: 2);
        foreach (long step in new[] { 100, 200, 300, 400, 500 })
        {
            Save(places, step);
            await places.FinishAsync();
        }
        // The first, the second and the fourth.
        Assert.Equal(3, _warnings.Count);
        Assert.All(_warnings, w => Assert.Contains("bytes are needed there", w, StringComparison.Ordinal));
        Assert.Contains("4 in a row", _warnings.Last(), StringComparison.Ordinal);
        File.Delete(Second);
        Save(places, 600);
        await places.FinishAsync();
        Assert.Contains("takes checkpoints again, after 5", _warnings.Last(), StringComparison.Ordinal);
        Assert.Equal(["step-000000600"], Names(Second));
        Assert.Equal(["step-000000500", "step-000000600"], Names(First));
    }

    [Fact]
    public async Task A_checkpoint_that_is_damaged_before_it_is_copied_takes_nothing_from_the_mirror()
    {
        await using CheckpointPlaces places = Open(keep: 1);
        Save(places, 100);
        await places.FinishAsync();
        string damaged = CheckpointStore.OpenForWriting(_folder["elsewhere"], 1).Save(SmallRun.Content(200));
        Flip(_folder["elsewhere"], 200);
        var mirror = new CheckpointMirror(Second, 1, _warnings.Enqueue);
        mirror.Copy(damaged);
        await mirror.FinishAsync();
        Assert.Contains("does not match its SHA-256", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(["step-000000100"], Names(Second));
        Assert.NotNull(Checkpoint.Verify(Path.Combine(Second, "step-000000100")).Checkpoint);
    }

    [Fact]
    public async Task A_mirror_that_stands_still_is_given_up_within_its_bound_and_publishes_nothing_later()
    {
        if (OperatingSystem.IsWindows()) return;
        string folder = CheckpointStore.OpenForWriting(First, 1).Save(SmallRun.Content(100));
        // A pipe that nobody writes to: whoever opens it stands still.
        string pipe = Path.Combine(folder, CheckpointManifest.ParametersFileName);
        File.Move(pipe, pipe + ".aside");
        using (Process made = Process.Start("mkfifo", [pipe])) made.WaitForExit();
        var mirror = new CheckpointMirror(Second, 1, _warnings.Enqueue, TimeSpan.FromSeconds(1));
        long begin = Stopwatch.GetTimestamp();
        mirror.Copy(folder);
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0, 1);
        await mirror.FinishAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1, 20);
        Assert.Contains("stood still", Assert.Single(_warnings), StringComparison.Ordinal);
        // From now on nobody asks it anything.
        mirror.Copy(folder);
        await mirror.FinishAsync();
        Assert.Null(mirror.Save(SmallRun.Content(200)));
        Assert.Null(mirror.Search(-1).Checkpoint);
        Assert.Null(mirror.KeepGood(isElsewhere: true));
        Assert.Single(_warnings);
        // It moves again, too late: what it reads is whole, and is not published.
        byte[] parameters = await File.ReadAllBytesAsync(pipe + ".aside");
        using (FileStream late = new(pipe, FileMode.Open, FileAccess.Write)) late.Write(parameters);
        await mirror.Copying.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(Names(Second));
    }

    [Fact]
    public async Task What_the_first_place_refuses_goes_to_the_mirror_alone()
    {
        await using CheckpointPlaces places = Open(keep: 2);
        Save(places, 100);
        await places.FinishAsync();
        File.WriteAllText(Path.Combine(First, ".writing-step-000000200"), "in the way");
        (string folder, UserException? refusal) = places.Save(SmallRun.Content(200));
        Assert.Equal(Path.Combine(Second, "step-000000200"), folder);
        Assert.Contains("step 200", refusal!.Message, StringComparison.Ordinal);
        CheckpointSearch search = places.FindNewestIntact(SmallRun.Identity());
        Assert.Equal(folder, search.Checkpoint!.Folder);
    }

    [Fact]
    public async Task A_run_that_has_gone_astray_leaves_good_ones_alone_in_both_places()
    {
        await using CheckpointPlaces places = Open(keep: 3);
        foreach (long step in new[] { 100, 200 })
        {
            Save(places, step);
            await places.FinishAsync();
        }
        places.GoodUpTo = 150;
        Assert.Equal(Path.Combine(First, "step-000000100"), places.KeepGood());
        Assert.Equal(["step-000000100"], Names(First));
        Assert.Equal(["step-000000100"], Names(Second));
    }

    [Fact]
    public async Task Another_runs_checkpoints_are_not_touched()
    {
        CheckpointStore.OpenForWriting(Second, 1).Save(SmallRun.Content(100));
        UserException e = Assert.Throws<UserException>(() => Open(keep: 1));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(Second, e.Message, StringComparison.Ordinal);
        await using (CheckpointPlaces.OpenForWriting(First, 1, Second, isNew: false, _warnings.Enqueue)) Assert.Equal(["step-000000100"], Names(Second));
        Assert.Throws<UserException>(() => CheckpointPlaces.OpenForWriting(First, 1, First, isNew: true, _warnings.Enqueue));
    }

    private CheckpointPlaces Open(int keep) => CheckpointPlaces.OpenForWriting(First, keep, Second, isNew: true, _warnings.Enqueue);

    private static string Save(CheckpointPlaces places, long step)
    {
        (string folder, UserException? refusal) = places.Save(SmallRun.Content(step));
        Assert.Null(refusal);
        return folder;
    }

    private static string[] Names(string folder) => Directory.Exists(folder)
        ? [.. Directory.GetDirectories(folder, "step-*").Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)] : [];

    private static void Flip(string folder, long step)
    {
        string path = Path.Combine(folder, $"step-{step:D9}", CheckpointManifest.ParametersFileName);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
