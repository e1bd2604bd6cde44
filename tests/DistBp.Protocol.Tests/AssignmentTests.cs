using DistBp.Learning;

namespace DistBp.Protocol.Tests;

public sealed class AssignmentTests
{
    [Fact]
    public void Shards_are_whole_blocks_that_follow_each_other_over_all_trained_parameters()
    {
        foreach (int trained in new[] { 1, 4095, 4096, 4097, 17_000, 535_818 })
        for (int servers = 1; servers <= 9; servers++)
        {
            var assignment = Assignment.OfCounts(new Generation(1, 1), 1, servers, 1, trained);
            int at = 0;
            for (int server = 0; server < servers; server++)
            {
                ParameterShard shard = assignment.Shard(server);
                Assert.Equal(at, shard.Offset);
                if (shard.Count > 0) Assert.Equal(0, shard.Offset % ParameterLayout.BlockLength);
                at = shard.End;
            }
            Assert.Equal(trained, at);
        }
    }

    [Fact]
    public void Every_slice_belongs_to_exactly_one_worker()
    {
        for (int slices = 1; slices <= 20; slices++)
        for (int workers = 1; workers <= 24; workers++)
        {
            var assignment = Assignment.OfCounts(new Generation(1, 1), workers, 1, slices, 1);
            int at = 0;
            for (int worker = 0; worker < workers; worker++)
            {
                foreach (Subtree subtree in assignment.Subtrees(worker))
                {
                    Assert.Equal(at, subtree.First);
                    at = subtree.End;
                }
            }
            Assert.Equal(slices, at);
        }
    }

    [Fact]
    public void A_newer_reign_fences_an_older_one_whatever_its_numbers()
    {
        Assert.True(new Generation(1, 9) < new Generation(2, 1));
        Assert.True(new Generation(2, 1) < new Generation(2, 2));
    }
}
