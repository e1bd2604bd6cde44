using DistBp.Cluster.Rendezvous;

namespace DistBp.Cluster.Tests.Rendezvous.Kept;

/// <summary>The state of a coordinator that is kept in copies by the nodes that may follow it.</summary>
public sealed class KeptReignTests
{
    [Fact]
    public void Each_reign_has_a_higher_term_and_finds_what_the_one_before_has_left()
    {
        using var cluster = new KeptCluster("a", "b", "c");
        KeptCluster.TestReign first = cluster.Begin();
        first.Tick();
        Assert.Equal(1, first.Term);
        Task one = first.Change("job-1", "one"), two = first.Change("job-2", "two");
        first.Tick();
        Assert.True(one.IsCompletedSuccessfully && two.IsCompletedSuccessfully);
        Task gone = first.Change("job-1", null), changed = first.Change("job-2", "three");
        first.Tick();
        Assert.True(gone.IsCompletedSuccessfully && changed.IsCompletedSuccessfully);
        KeptCluster.TestReign second = cluster.Begin();
        second.Tick();
        Assert.Equal((2, "three"), (second.Term, second.ValueOf("job-2")));
        Assert.Single(second.Values);
    }

    [Fact]
    public void A_change_waits_for_a_keeper_until_it_cannot_be_reached_and_most_have_it()
    {
        using var cluster = new KeptCluster("a", "b", "c");
        KeptCluster.TestReign reign = cluster.Begin();
        reign.Tick();
        cluster.Cut("b");
        Task change = reign.Change("job-1", "one");
        reign.Tick();
        Assert.True(change.IsCompletedSuccessfully);
        cluster.Cut("c");
        Task alone = reign.Change("job-1", "two");
        reign.Tick();
        Assert.False(alone.IsCompleted);
        cluster.Remove("b");
        cluster.Remove("c");
        reign.Tick();
        Assert.True(alone.IsCompletedSuccessfully);
    }

    [Fact]
    public void Of_two_that_reign_at_once_the_earlier_one_learns_that_it_is_over_and_changes_nothing()
    {
        using var cluster = new KeptCluster("a", "b", "c");
        KeptCluster.TestReign first = cluster.Begin();
        first.Tick();
        KeptCluster.TestReign second = cluster.Begin();
        second.Tick();
        Task late = first.Change("job-1", "of the first");
        Assert.Throws<ReignEndedException>(first.Tick);
        Assert.False(late.IsCompleted);
        Task kept = second.Change("job-1", "of the second");
        second.Tick();
        Assert.True(kept.IsCompletedSuccessfully);
        KeptCluster.TestReign third = cluster.Begin();
        third.Tick();
        Assert.Equal((3, "of the second"), (third.Term, third.ValueOf("job-1")));
    }

    [Fact]
    public void A_keeper_that_was_away_does_not_bring_back_what_was_deleted_meanwhile()
    {
        using var cluster = new KeptCluster("a", "b", "c");
        KeptCluster.TestReign first = cluster.Begin();
        first.Tick();
        _ = first.Change("job-1", "old");
        _ = first.Change("job-2", "stays");
        first.Tick();
        cluster.Remove("c");
        _ = first.Change("job-1", null);
        first.Tick();
        KeptCluster.TestReign second = cluster.Begin();
        second.Tick();
        second.Tick();
        // It comes back with its folder, and a third reign asks it too.
        cluster.Start("c");
        KeptCluster.TestReign third = cluster.Begin();
        third.Tick();
        Assert.Equal(3, third.Term);
        Assert.Equal("stays", third.ValueOf("job-2"));
        Assert.Single(third.Values);
    }

    [Fact]
    public void All_keepers_that_start_again_have_what_they_kept()
    {
        using var cluster = new KeptCluster("a", "b");
        KeptCluster.TestReign first = cluster.Begin();
        first.Tick();
        _ = first.Change("job-1", "one");
        first.Tick();
        cluster.Start("a");
        cluster.Start("b");
        KeptCluster.TestReign second = cluster.Begin();
        second.Tick();
        Assert.Equal((2, "one"), (second.Term, second.ValueOf("job-1")));
    }

    [Fact]
    public void A_new_keeper_gets_everything_before_a_change_counts_as_kept_again()
    {
        using var cluster = new KeptCluster("a");
        KeptCluster.TestReign first = cluster.Begin();
        first.Tick();
        _ = first.Change("job-1", "one");
        first.Tick();
        cluster.Start("b");
        first.Tick();
        cluster.Remove("a");
        KeptCluster.TestReign second = cluster.Begin();
        second.Tick();
        Assert.Equal("one", second.ValueOf("job-1"));
    }
}
