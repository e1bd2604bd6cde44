using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

[Collection(AloneCollection.Name)]
public class EpochOrderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(1797)]
    public void An_epoch_visits_every_sample_exactly_once(int count)
    {
        var order = new EpochOrder(count, seed: 7);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            order.Prepare(epoch);
            Assert.Equal(Enumerable.Range(0, count), order.Order.ToArray().Order());
        }
    }

    [Fact]
    public void The_order_follows_from_seed_and_epoch_alone()
    {
        var one = new EpochOrder(1000, seed: 3);
        var other = new EpochOrder(1000, seed: 3);
        one.Prepare(0);
        one.Prepare(5);
        other.Prepare(5);
        Assert.Equal(one.Order.ToArray(), other.Order.ToArray());
        int[] fifth = other.Order.ToArray();
        other.Prepare(6);
        Assert.NotEqual(fifth, other.Order.ToArray());
        var otherSeed = new EpochOrder(1000, seed: 4);
        otherSeed.Prepare(5);
        Assert.NotEqual(fifth, otherSeed.Order.ToArray());
    }

    [Fact]
    public void Every_sample_comes_to_every_place_about_equally_often()
    {
        const int Count = 5, Epochs = 20_000;
        var order = new EpochOrder(Count, seed: 11);
        var seen = new int[Count, Count];
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            order.Prepare(epoch);
            for (int place = 0; place < Count; place++) seen[place, order.Order[place]]++;
        }
        // 4,000 expected, standard deviation 57.
        foreach (int times in seen) Assert.InRange(times, 3700, 4300);
    }

    [Fact]
    public void Preparing_an_epoch_allocates_nothing()
    {
        var order = new EpochOrder(10_000, seed: 1);
        order.Prepare(0);
        order.Prepare(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int epoch = 2; epoch < 20; epoch++) order.Prepare(epoch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Without_shuffling_samples_stay_in_their_order()
    {
        var order = new EpochOrder(4, seed: 1, shuffle: false);
        order.Prepare(3);
        Assert.Equal([0, 1, 2, 3], order.Order.ToArray());
        Assert.Equal([2, 3], order.Slice(new MiniBatchGeometry(4, 4, 2), 0, 1).ToArray());
    }
}
