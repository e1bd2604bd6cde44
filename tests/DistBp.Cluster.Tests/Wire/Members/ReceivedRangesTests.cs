using DistBp.Cluster.Wire.Members;

namespace DistBp.Cluster.Tests.Wire.Members;

public sealed class ReceivedRangesTests
{
    [Fact]
    public void Ranges_in_any_order_come_to_the_whole_and_what_overlaps_is_refused()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int count = 1 + random.Next(60);
            var taken = new bool[count];
            var ranges = new ReceivedRanges();
            while (taken.Contains(false))
            {
                int begin = random.Next(count), length = random.Next(Math.Min(8, count - begin) + 1);
                bool isFree = !taken.AsSpan(begin, length).Contains(true);
                Assert.False(ranges.Cover(count), $"seed {seed}");
                Assert.True(isFree == ranges.TryAdd(begin, length), $"seed {seed}: {begin}, {length}");
                if (isFree) taken.AsSpan(begin, length).Fill(true);
            }
            Assert.True(ranges.Cover(count), $"seed {seed}");
        }
    }

    [Fact]
    public void There_may_not_be_more_gaps_than_the_limit()
    {
        var ranges = new ReceivedRanges();
        for (int i = 0; i < ReceivedRanges.Capacity; i++) Assert.True(ranges.TryAdd(2L * i, 1));
        Assert.False(ranges.TryAdd(2L * ReceivedRanges.Capacity, 1));
        Assert.True(ranges.TryAdd(1, 1));
        Assert.True(ranges.TryAdd(2L * ReceivedRanges.Capacity, 1));
    }

    [Fact]
    public void An_empty_tensor_is_complete_at_once() => Assert.True(new ReceivedRanges().Cover(0));
}
