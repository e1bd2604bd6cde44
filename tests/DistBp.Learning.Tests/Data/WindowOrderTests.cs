using DistBp.Learning.Data;

namespace DistBp.Learning.Tests.Data;

[Collection(AloneCollection.Name)]
public class WindowOrderTests
{
    private static readonly int[] s_shards = [300, 1, 250, 249, 7, 193];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(5000)]
    public void An_epoch_visits_every_sample_exactly_once(int window)
    {
        var order = new WindowOrder(s_shards, window, seed: 7);
        for (int epoch = 0; epoch < 3; epoch++)
            Assert.Equal(Enumerable.Range(0, 1000), order.Rows(epoch, new RowRange(0, 1000)).ToArray().Order());
    }

    [Fact]
    public void The_order_is_the_same_in_whatever_pieces_it_is_asked_for()
    {
        int[] whole = new WindowOrder(s_shards, 100, seed: 3).Rows(4, new RowRange(0, 1000)).ToArray();
        const int seed = 11;
        var random = new Random(seed);
        var order = new WindowOrder(s_shards, 100, seed: 3);
        order.Rows(2, new RowRange(40, 90));
        for (int i = 0; i < 200; i++)
        {
            int start = random.Next(1000), end = random.Next(start, 1001);
            Assert.Equal(whole[start..end], order.Rows(4, new RowRange(start, end)).ToArray());
        }
    }

    [Fact]
    public void Another_seed_epoch_window_or_cut_into_shards_gives_another_order()
    {
        int[][] orders =
        [
            Order(s_shards, 100, 3, 4), Order(s_shards, 100, 4, 4), Order(s_shards, 100, 3, 5), Order(s_shards, 101, 3, 4), Order([500, 500], 100, 3, 4),
        ];
        Assert.Equal(orders.Length, orders.Select(o => string.Join(',', o)).Distinct().Count());
        Assert.Equal(orders[0], Order(s_shards, 100, 3, 4));

        static int[] Order(int[] shards, int window, int seed, int epoch) =>
            new WindowOrder(shards, window, seed).Rows(epoch, new RowRange(0, 1000)).ToArray();
    }

    [Fact]
    public void A_window_takes_its_samples_from_neighbouring_shards_alone()
    {
        int[] shards = [.. Enumerable.Repeat(100, 50)];
        var order = new WindowOrder(shards, 200, seed: 5);
        for (int window = 0; window < 25; window++)
            Assert.Equal(2, order.Rows(0, new RowRange(window * 200, (window + 1) * 200)).ToArray().Select(s => s / 100).Distinct().Count());
        int[] first = order.Rows(0, new RowRange(0, 200)).ToArray(), next = order.Rows(1, new RowRange(0, 200)).ToArray();
        Assert.NotEqual(first.Select(s => s / 100).Distinct().Order(), next.Select(s => s / 100).Distinct().Order());
    }

    [Fact]
    public void A_warm_order_allocates_nothing()
    {
        var order = new WindowOrder(s_shards, 100, seed: 3);
        for (int epoch = 0; epoch < 2; epoch++) Walk(order, epoch);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Walk(order, 2);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Walk(WindowOrder order, int epoch)
        {
            for (int row = 0; row < 1000; row += 50) order.Rows(epoch, new RowRange(row, row + 50));
        }
    }
}
