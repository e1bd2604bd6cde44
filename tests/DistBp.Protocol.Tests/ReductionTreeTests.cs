using DistBp.Learning;

namespace DistBp.Protocol.Tests;

public sealed class ReductionTreeTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 4)]
    [InlineData(6, 4)]
    [InlineData(8, 4)]
    [InlineData(9, 8)]
    public void A_node_splits_at_the_largest_power_of_two_below_its_count(int count, int left)
    {
        Assert.Equal(left, ReductionTree.LeftCount(count));
    }

    [Fact]
    public void A_cover_is_made_of_nodes_that_are_disjoint_in_order_and_complete()
    {
        for (int total = 1; total <= 33; total++)
        for (int first = 0; first < total; first++)
        for (int count = 1; first + count <= total; count++)
        {
            List<Subtree> cover = ReductionTree.Cover(total, first, count);
            int at = first;
            foreach (Subtree node in cover)
            {
                Assert.True(ReductionTree.IsNode(total, node), $"{node} of {total}");
                Assert.Equal(at, node.First);
                at = node.End;
            }
            Assert.Equal(first + count, at);
        }
    }

    [Fact]
    public void A_cover_is_the_fewest_nodes_for_it_never_holds_two_siblings()
    {
        foreach (int total in new[] { 6, 8, 13, 64 })
        for (int first = 0; first < total; first++)
        for (int count = 1; first + count <= total; count++)
        {
            List<Subtree> cover = ReductionTree.Cover(total, first, count);
            for (int i = 1; i < cover.Count; i++)
                Assert.False(ReductionTree.IsNode(total, new Subtree(cover[i - 1].First, cover[i - 1].Count + cover[i].Count)), $"{cover[i - 1]} + {cover[i]} of {total}");
        }
    }

    [Fact]
    public void A_range_that_is_no_node_is_told_from_one()
    {
        Assert.True(ReductionTree.IsNode(6, new Subtree(4, 2)));
        Assert.False(ReductionTree.IsNode(6, new Subtree(3, 2)));
        Assert.False(ReductionTree.IsNode(6, new Subtree(0, 3)));
        Assert.False(ReductionTree.IsNode(6, new Subtree(4, 4)));
        Assert.False(ReductionTree.IsNode(6, new Subtree(0, 0)));
    }
}
