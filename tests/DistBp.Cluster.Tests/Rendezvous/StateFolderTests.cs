using System.Text;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Rendezvous;

public sealed class StateFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string State => _folder["state"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Values_and_the_term_outlive_the_process_and_the_term_grows_with_each()
    {
        await using (StateFolder first = StateFolder.Open(State, "test"))
        {
            Assert.Equal(1, first.Term);
            Assert.Empty(await first.ReadAllAsync());
            await first.PutAsync("job-1", "one"u8.ToArray());
            await first.PutAsync("job-2", "two"u8.ToArray());
            await first.PutAsync("job-1", ""u8.ToArray());
            await first.DeleteAsync("job-2");
            await first.DeleteAsync("job-3");
            await first.PutAsync("job-4", new byte[ICoordinatorStore.MaxValueBytes]);
        }
        await using StateFolder second = StateFolder.Open(State, "test");
        Assert.Equal(2, second.Term);
        IReadOnlyDictionary<string, byte[]> values = await second.ReadAllAsync();
        Assert.Equal([("job-1", 0), ("job-4", ICoordinatorStore.MaxValueBytes)], values.OrderBy(v => v.Key).Select(v => (v.Key, v.Value.Length)));
    }

    [Fact]
    public async Task While_one_process_holds_the_folder_another_is_refused_with_a_remedy()
    {
        await using StateFolder first = StateFolder.Open(State, "test");
        var refused = Assert.Throws<UserException>(() => StateFolder.Open(State, "test"));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Equal(("another distbp is the coordinator with this state", State), (refused.Problems[0].What, refused.Problems[0].Where));
        Assert.Contains("--state", refused.Problems[0].Remedy, StringComparison.Ordinal);
        await first.PutAsync("job-1", "unharmed"u8.ToArray());
    }

    [Fact]
    public async Task What_is_held_no_more_is_not_written_any_more()
    {
        StateFolder first = StateFolder.Open(State, "test");
        await first.DisposeAsync();
        Assert.True(first.Ended.IsCancellationRequested);
        await using StateFolder second = StateFolder.Open(State, "test");
        await Assert.ThrowsAsync<ReignEndedException>(() => first.PutAsync("job-1", "late"u8.ToArray()));
        await Assert.ThrowsAsync<ReignEndedException>(() => first.DeleteAsync("job-1"));
        Assert.Empty(await second.ReadAllAsync());
    }

    [Fact]
    public async Task The_state_of_another_cluster_is_refused()
    {
        await StateFolder.Open(State, "test").DisposeAsync();
        var refused = Assert.Throws<UserException>(() => StateFolder.Open(State, "other"));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("that of the cluster 'test', and this coordinator is of 'other'", refused.Message, StringComparison.Ordinal);
        // Whoever was refused has not kept the lock.
        await using StateFolder again = StateFolder.Open(State, "test");
        Assert.Equal(2, again.Term);
    }

    [Fact]
    public async Task Every_changed_byte_and_every_torn_end_is_found()
    {
        await using (StateFolder state = StateFolder.Open(State, "test")) await state.PutAsync("job-1", "a value"u8.ToArray());
        foreach (string file in Directory.GetFiles(State, "*.state"))
        {
            byte[] bytes = File.ReadAllBytes(file);
            for (int i = 0; i < bytes.Length; i++)
            {
                byte[] changed = [.. bytes];
                changed[i] ^= 0x40;
                Refuse(file, changed, $"{file}, byte {i}");
                Refuse(file, bytes[..i], $"{file}, torn at {i}");
            }
            File.WriteAllBytes(file, bytes);
        }
        await using StateFolder whole = StateFolder.Open(State, "test");
        Assert.Equal("a value", Encoding.ASCII.GetString((await whole.ReadAllAsync())["job-1"]));
    }

    [Fact]
    public async Task A_value_under_anothers_name_a_missing_term_and_another_version_are_told()
    {
        await using (StateFolder state = StateFolder.Open(State, "test")) await state.PutAsync("job-1", "a value"u8.ToArray());
        File.Copy(Path.Combine(State, "job-1.state"), Path.Combine(State, "job-2.state"));
        Assert.Equal(ErrorKind.Checkpoint, Assert.Throws<UserException>(() => StateFolder.Open(State, "test")).Kind);
        File.Delete(Path.Combine(State, "job-2.state"));
        byte[] later = File.ReadAllBytes(Path.Combine(State, "job-1.state"));
        later["distbp state ".Length] = (byte)'2';
        File.WriteAllBytes(Path.Combine(State, "job-1.state"), later);
        var foreign = Assert.Throws<UserException>(() => StateFolder.Open(State, "test"));
        Assert.Equal(ErrorKind.Usage, foreign.Kind);
        Assert.Contains("another version", foreign.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(State, "job-1.state"));
        File.Delete(Path.Combine(State, "term.state"));
        var missing = Assert.Throws<UserException>(() => StateFolder.Open(State, "test"));
        Assert.Equal((ErrorKind.Checkpoint, Path.Combine(State, "term.state")), (missing.Kind, missing.Problems[0].Where));
    }

    [Fact]
    public void A_half_written_value_of_a_killed_process_is_passed_over()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Path.Combine(State, "job-1.state.writing"), "half");
        Assert.Equal(1, StateFolder.Open(State, "test").Term);
    }

    private void Refuse(string file, byte[] bytes, string what)
    {
        File.WriteAllBytes(file, bytes);
        var refused = Assert.Throws<UserException>(() => StateFolder.Open(State, "test"));
        Assert.True(refused.Problems[0].Where == file && refused.Problems[0].Remedy.Length > 0, $"{what}: {refused.Message}");
    }
}
